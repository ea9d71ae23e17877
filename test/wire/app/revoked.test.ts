/** Proxies whose certificate is on the authority's revocation list. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { openAuthority } from "../../../src/ca/authority/authority.js";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../src/ca/certificate/x509.js";
import { redact } from "../../../src/ca/redacted.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import {
  authorityTemplate,
  leafTemplate,
  makeCertificate,
} from "../../unit/ca/make-certificate.js";
import { makeRevocationList } from "../../unit/ca/make-revocation-list.js";
import { openAds } from "./ads-client.js";
import { start } from "./start.js";

const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

/** A directory of cacerts files; each is replaced as a whole. */
async function openCacerts() {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(directory, `${name}.new`), text, { mode: 0o600 });
    await rename(join(directory, `${name}.new`), join(directory, name));
  };
  return { directory, write };
}

test("a stream by a certificate ends when that is revoked, and it opens no other", async () => {
  const { directory: cacertsDir, write } = await openCacerts();
  const root = await makeCertificate(authorityTemplate());
  await write("ca-key.pem", root.keyPem);
  await write("ca-cert.pem", root.pem);
  await write("root-cert.pem", root.pem);
  const { overTls, state } = await start("", { cacertsDir });
  const authority = await openAuthority({
    stateDirectory: state,
    cacertsDirectory: cacertsDir,
    now: Date.now,
  });
  const stolen = await authority.issueWorkload(PAYMENTS);
  const by = (certificate: typeof stolen) =>
    openAds({ ...overTls, certificate, serviceAccount: "payments" });
  const thief = by(stolen);
  await thief.ask(TYPE_URL.cluster);

  const { serialNumber } = readCertificate(certificatesOfPem(stolen.chain)[0]!);
  await write("ca-crl.pem", await makeRevocationList(root.issuer, [serialNumber]));
  expect(await thief.ended).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining("is revoked") as string,
  });
  await expect(by(stolen).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  await by(await authority.issueWorkload(PAYMENTS)).ask(TYPE_URL.cluster);
});

const serialOf = (bytes: number): string =>
  `4${"0".repeat(29)}${bytes.toString(16).padStart(2, "0")}`;

test("a stream ends when an authority above its certificate is revoked, and certificates of that open no other", async () => {
  const { directory: cacertsDir, write } = await openCacerts();
  const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  const authorityNamed = (subject: string, serial: number) =>
    makeCertificate(authorityTemplate({ subject, serialNumber: serialOf(serial) }), root.issuer);
  const [own, leaked] = [await authorityNamed("CN=own", 1), await authorityNamed("CN=leaked", 2)];
  await write("root-cert.pem", root.pem);
  await write("ca-key.pem", own.keyPem);
  await write("ca-cert.pem", own.pem);
  await write("cert-chain.pem", own.pem + root.pem);
  const { overTls } = await start("", { cacertsDir });
  const by = async (authority: typeof own) => {
    const { pem, keyPem } = await makeCertificate(leafTemplate(), authority.issuer);
    const certificate = { chain: pem + authority.pem, privateKey: redact(keyPem) };
    return openAds({ ...overTls, certificate, serviceAccount: "payments" });
  };
  const [thief, other] = [await by(leaked), await by(own)];
  await thief.ask(TYPE_URL.cluster);
  await other.ask(TYPE_URL.cluster);

  await write("ca-crl.pem", await makeRevocationList(root.issuer, [serialOf(2)]));
  await thief.ended;
  await expect((await by(leaked)).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  await other.ask(TYPE_URL.listener);
  await (await by(own)).ask(TYPE_URL.cluster);
});

test("a stream ends when the root of its certificate is trusted no more, however long that would be valid", async () => {
  const { directory: cacertsDir, write } = await openCacerts();
  const give = async (root: Awaited<ReturnType<typeof makeCertificate>>): Promise<void> => {
    await write("ca-key.pem", root.keyPem);
    await write("root-cert.pem", root.pem);
    await write("ca-cert.pem", root.pem);
  };
  const [former, latter] = [
    await makeCertificate(authorityTemplate({ subject: "CN=former" })),
    await makeCertificate(authorityTemplate({ subject: "CN=latter" })),
  ];
  await give(former);
  const { overTls } = await start("", { cacertsDir, workloadTtlMs: 2000 });
  const { pem, keyPem } = await makeCertificate(leafTemplate(), former.issuer);
  const certificate = { chain: pem, privateKey: redact(keyPem) };
  const thief = openAds({ ...overTls, certificate, serviceAccount: "payments" });
  await thief.ask(TYPE_URL.cluster);
  await give(latter);
  expect(await thief.ended).toMatchObject({ code: status.UNAVAILABLE });
});
