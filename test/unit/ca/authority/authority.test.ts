import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type AuthorityOptions, openAuthority } from "../../../../src/ca/authority/authority.js";
import { certificatesOfPem } from "../../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../../src/ca/certificate/x509.js";
import { temporaryDirectory } from "../temporary-directory.js";

const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };
const HOUR = 3_600_000;

async function stateOptions(changed: Partial<AuthorityOptions> = {}): Promise<AuthorityOptions> {
  return { stateDirectory: await temporaryDirectory(), now: () => Date.now(), ...changed };
}

const currentFile = ({ stateDirectory }: AuthorityOptions): string =>
  join(stateDirectory, "ca", "current.pem");

describe("a new state directory", () => {
  test("gets a root that is its owner's alone", async () => {
    const options = await stateOptions();
    await openAuthority(options);
    const modes = await Promise.all(
      [join(options.stateDirectory, "ca"), currentFile(options)].map(
        async (path) => (await stat(path)).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o600]);
    expect(await readdir(join(options.stateDirectory, "ca"))).toEqual(["current.pem"]);
  });

  test("keeps its root when it is opened again", async () => {
    const options = await stateOptions();
    const first = await openAuthority(options);
    expect((await openAuthority(options)).roots).toEqual(first.roots);
  });

  test("gets one root when several open it at once", async () => {
    const options = await stateOptions();
    const opened = await Promise.all(Array.from({ length: 8 }, () => openAuthority(options)));
    expect(new Set(opened.map(({ roots }) => roots.join("")))).toHaveProperty("size", 1);
  });

  test("is not made for something that is no trust domain", async () => {
    const options = await stateOptions({ trustDomain: "Cluster/local" });
    await expect(openAuthority(options)).rejects.toMatchObject({ code: "certificate-name" });
  });
});

describe("a root file is refused", () => {
  test.each([0o640, 0o604, 0o620, 0o666])("with mode %o", async (mode) => {
    const options = await stateOptions();
    await openAuthority(options);
    await chmod(currentFile(options), mode);
    await expect(openAuthority(options)).rejects.toMatchObject({
      name: "StateFileError",
      code: "state-file-mode",
      path: currentFile(options),
    });
  });

  test("in a directory that others can list", async () => {
    const options = await stateOptions();
    await openAuthority(options);
    await chmod(join(options.stateDirectory, "ca"), 0o755);
    await expect(openAuthority(options)).rejects.toMatchObject({ code: "state-file-mode" });
  });

  test("behind a symbolic link", async () => {
    const [from, to] = [await stateOptions(), await stateOptions()];
    await openAuthority(from);
    await openAuthority(to);
    await rm(currentFile(to));
    await symlink(currentFile(from), currentFile(to));
    await expect(openAuthority(to)).rejects.toMatchObject({ code: "state-file-kind" });
  });

  test.each([
    ["half of it", (text: string) => text.slice(0, text.length / 2)],
    ["nothing", () => ""],
    ["no PEM", () => "hello"],
    ["the certificate alone", (text: string) => text.replace(/^[\s\S]*END PRIVATE KEY-----\n/, "")],
  ])("with %s in it, and its content is not quoted", async (_, damage) => {
    const options = await stateOptions();
    await openAuthority(options);
    const content = await readFile(currentFile(options), "utf8");
    await writeFile(currentFile(options), damage(content));
    const error: unknown = await openAuthority(options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CertificateError" });
    expect((error as Error).message).toContain(currentFile(options));
    const quoted = content.split("\n").filter((line) => /^[A-Za-z0-9+/=]{10,}$/.test(line));
    for (const line of quoted) expect(inspect(error, { depth: 9 })).not.toContain(line);
  });

  test("with the key of another", async () => {
    const [one, other] = [await stateOptions(), await stateOptions()];
    await openAuthority(one);
    await openAuthority(other);
    const [mine = "", theirs = ""] = await Promise.all(
      [one, other].map(async (options) => readFile(currentFile(options), "utf8")),
    );
    const key = theirs.slice(0, theirs.indexOf("-----BEGIN CERTIFICATE"));
    await writeFile(currentFile(one), key + mine.slice(mine.indexOf("-----BEGIN CERTIFICATE")));
    await expect(openAuthority(one)).rejects.toMatchObject({ code: "certificate-chain" });
  });

  test("when its certificate has ended", async () => {
    const options = await stateOptions();
    await openAuthority(options);
    const later = Date.now() + 11 * 365 * 24 * HOUR;
    await expect(openAuthority({ ...options, now: () => later })).rejects.toMatchObject({
      code: "authority-expired",
    });
  });
});

describe("a workload's certificate", () => {
  test.each(["P-256", "RSA-2048"] as const)(
    "for a %s key is a SPIFFE certificate",
    async (keyType) => {
      const now = Date.now();
      const authority = await openAuthority(
        await stateOptions({ workloadKeyType: keyType, now: () => now }),
      );
      const issued = await authority.issueWorkload(PAYMENTS);
      const certificate = new X509Certificate(issued.chain);
      const root = new X509Certificate(authority.roots.join(""));
      expect(certificate.subjectAltName).toBe("URI:spiffe://cluster.local/ns/default/sa/payments");
      // Node 20 has nothing for none, later versions an empty text.
      expect([undefined, ""]).toContain(certificate.subject);
      expect(certificate.ca).toBe(false);
      expect(certificate.verify(root.publicKey)).toBe(true);
      expect(certificate.checkPrivateKey(createPrivateKey(issued.privateKey.reveal()))).toBe(true);
      expect(issued.notAfter - issued.issuedAt).toBeGreaterThan(24 * HOUR - 1000);
      expect(readCertificate(Buffer.from(certificate.raw))).toMatchObject({
        subjectAltNamesCritical: true,
        keyUsagesCritical: true,
        keyUsages:
          keyType === "P-256" ? ["digitalSignature"] : ["digitalSignature", "keyEncipherment"],
        extendedKeyUsages: ["serverAuth", "clientAuth"],
      });
    },
  );

  test("has a key and a serial number of its own each time", async () => {
    const authority = await openAuthority(await stateOptions());
    const issued = await Promise.all(
      Array.from({ length: 5 }, () => authority.issueWorkload(PAYMENTS)),
    );
    const serials = issued.map(({ chain }) => new X509Certificate(chain).serialNumber);
    expect(new Set(serials).size).toBe(5);
    expect(new Set(issued.map(({ privateKey }) => privateKey.reveal())).size).toBe(5);
  });

  test("does not show its key when it is printed", async () => {
    const authority = await openAuthority(await stateOptions());
    const issued = await authority.issueWorkload(PAYMENTS);
    expect(inspect(issued, { depth: 9 }) + JSON.stringify(issued)).not.toContain("PRIVATE KEY");
  });

  test.each([
    ["namespace", { ...PAYMENTS, namespace: "a/sa/b" }],
    ["service account", { ...PAYMENTS, serviceAccount: "" }],
  ])("is not made for an impossible %s", async (_, identity) => {
    const authority = await openAuthority(await stateOptions());
    await expect(async () => authority.issueWorkload(identity)).rejects.toMatchObject({
      code: "certificate-name",
    });
  });
});

test("the server's certificate has DNS names and addresses", async () => {
  const authority = await openAuthority(await stateOptions());
  const { chain } = await authority.issueServer([
    { type: "dns", value: "istiod.istio-system.svc" },
    { type: "ip", value: "127.0.0.1" },
    { type: "ip", value: "::1" },
  ]);
  const certificate = new X509Certificate(chain);
  expect(certificate.checkHost("istiod.istio-system.svc")).toBe("istiod.istio-system.svc");
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.checkIP("::1")).toBe("::1");
});

describe("an authority vouches", () => {
  test("for a certificate that it issued, to that workload, while it is valid", async () => {
    let now = Date.now();
    const authority = await openAuthority(await stateOptions({ now: () => now }));
    const { chain, notAfter } = await authority.issueWorkload(PAYMENTS);
    expect(authority.vouchesFor(PAYMENTS, chain)).toBe(true);
    expect(authority.vouchesFor({ ...PAYMENTS, serviceAccount: "orders" }, chain)).toBe(false);
    expect(authority.vouchesFor({ ...PAYMENTS, description: "|app=a" }, chain)).toBe(false);
    now = notAfter;
    expect(authority.vouchesFor(PAYMENTS, chain)).toBe(false);
  });

  test("for none of another authority of the same trust domain", async () => {
    const [mine, theirs] = [
      await openAuthority(await stateOptions()),
      await openAuthority(await stateOptions()),
    ];
    const { chain } = await theirs.issueWorkload(PAYMENTS);
    expect(mine.vouchesFor(PAYMENTS, chain)).toBe(false);
  });

  test("for no text that is no certificate", async () => {
    const authority = await openAuthority(await stateOptions());
    expect(authority.vouchesFor(PAYMENTS, "hello")).toBe(false);
  });
});

test("the root is an authority and nothing else", async () => {
  const authority = await openAuthority(await stateOptions());
  const [root] = certificatesOfPem(authority.roots.join(""));
  expect(readCertificate(root!)).toMatchObject({
    authority: { pathLength: 0 },
    keyUsages: ["keyCertSign", "cRLSign"],
    extendedKeyUsages: [],
  });
});
