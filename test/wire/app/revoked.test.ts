/** Proxies whose certificate is on the authority's revocation list. */
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { openAuthority } from "../../../src/ca/authority/authority.js";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../src/ca/certificate/x509.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { authorityTemplate, makeCertificate } from "../../unit/ca/make-certificate.js";
import { makeRevocationList } from "../../unit/ca/make-revocation-list.js";
import { openAds } from "./ads-client.js";
import { start } from "./start.js";

const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

test("a stream by a certificate ends when that is revoked, and it opens no other", async () => {
  const cacertsDir = await mkdtemp(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => rm(cacertsDir, { recursive: true, force: true }));
  const root = await makeCertificate(authorityTemplate());
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(cacertsDir, `${name}.new`), text, { mode: 0o600 });
    await rename(join(cacertsDir, `${name}.new`), join(cacertsDir, name));
  };
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
