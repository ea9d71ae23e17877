import { chmod, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, openAuthority } from "../../../../src/ca/authority/authority.js";
import { certificatesOfPem } from "../../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../../src/ca/certificate/x509.js";
import {
  authorityTemplate,
  leafTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../make-certificate.js";
import { temporaryDirectory } from "../temporary-directory.js";

const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

let root: MadeCertificate;
let middle: MadeCertificate;
let signing: MadeCertificate;
let stranger: MadeCertificate;

beforeAll(async () => {
  root = await makeCertificate(authorityTemplate({ authority: { pathLength: 2 } }));
  middle = await makeCertificate(
    authorityTemplate({ subject: "CN=middle", authority: { pathLength: 1 } }),
    root.issuer,
  );
  signing = await makeCertificate(authorityTemplate({ subject: "CN=signing" }), middle.issuer);
  stranger = await makeCertificate(authorityTemplate({ subject: "CN=stranger" }));
});

interface Cacerts {
  readonly "ca-key.pem"?: string;
  readonly "ca-cert.pem"?: string;
  readonly "root-cert.pem"?: string;
  readonly "cert-chain.pem"?: string;
}

async function write(files: Cacerts): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content as string, { mode: 0o600 });
  }
  return directory;
}

const complete = (): Required<Cacerts> => ({
  "ca-key.pem": signing.keyPem,
  "ca-cert.pem": signing.pem,
  "root-cert.pem": root.pem,
  "cert-chain.pem": signing.pem + middle.pem + root.pem,
});

async function open(cacertsDirectory: string): Promise<Authority> {
  const stateDirectory = await temporaryDirectory();
  return openAuthority({ stateDirectory, cacertsDirectory, now: Date.now });
}

test("an intermediate signs, the chain is sent with it, and the root is trusted", async () => {
  const authority = await open(await write(complete()));
  const { chain } = await authority.issueWorkload(PAYMENTS);
  const subjects = certificatesOfPem(chain).map((der) => readCertificate(der).subject);
  expect(subjects).toEqual(["", "CN=signing", "CN=middle"]);
  expect(authority.roots).toEqual([root.pem]);
  expect(authority.vouchesFor(PAYMENTS, chain)).toBe(true);
});

test("a root that signs itself needs no chain", async () => {
  const authority = await open(
    await write({
      "ca-key.pem": root.keyPem,
      "ca-cert.pem": root.pem,
      "root-cert.pem": root.pem,
    }),
  );
  const { chain } = await authority.issueWorkload(PAYMENTS);
  expect(chain.match(/BEGIN/g)).toHaveLength(1);
});

test("several roots are all trusted", async () => {
  const files = {
    ...complete(),
    "root-cert.pem": `# roots\n${root.pem}${stranger.pem}${root.pem}`,
  };
  expect((await open(await write(files))).roots).toEqual([root.pem, stranger.pem]);
});

test("a company's authorities may say more of themselves than the mesh's", async () => {
  const usages = ["digitalSignature", "nonRepudiation", "keyEncipherment", "keyCertSign"] as const;
  const lavish = await makeCertificate(
    authorityTemplate({
      subject: "CN=lavish",
      keyUsages: usages,
      extendedKeyUsages: ["serverAuth", "clientAuth"],
      subjectAltNames: [{ type: "dns", value: "istiod.istio-system.svc" }],
    }),
    root.issuer,
  );
  const files = { ...complete(), "ca-key.pem": lavish.keyPem, "ca-cert.pem": lavish.pem };
  const { chain } = await (await open(await write(files))).issueWorkload(PAYMENTS);
  const [, signer] = certificatesOfPem(chain).map((der) => readCertificate(der).subject);
  expect(signer).toBe("CN=lavish");
});

test("files behind symbolic links, as Kubernetes mounts them, are read", async () => {
  const real = await write(complete());
  const mounted = await temporaryDirectory();
  await mkdir(join(mounted, "..data-1"));
  for (const name of Object.keys(complete())) {
    await rename(join(real, name), join(mounted, "..data-1", name));
    await symlink(join("..data-1", name), join(mounted, name));
  }
  expect((await open(mounted)).roots).toEqual([root.pem]);
});

describe("is refused:", () => {
  test.each<[string, string, () => Cacerts]>([
    ["no key", "certificate-file", () => ({ ...complete(), "ca-key.pem": "" })],
    ["no root", "certificate-chain", () => ({ ...complete(), "root-cert.pem": "" })],
    ["no certificate", "certificate-chain", () => ({ ...complete(), "ca-cert.pem": "" })],
    [
      "another's key",
      "certificate-chain",
      () => ({ ...complete(), "ca-key.pem": stranger.keyPem }),
    ],
    [
      "another's root",
      "certificate-chain",
      () => ({ ...complete(), "root-cert.pem": stranger.pem }),
    ],
    ["a gap in the chain", "certificate-chain", () => ({ ...complete(), "cert-chain.pem": "" })],
  ])("%s", async (_, code, files) => {
    const directory = await write(files());
    await expect(open(directory)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(directory),
    });
  });

  test.each(["ca-key.pem", "ca-cert.pem", "root-cert.pem"])("a missing %s", async (name) => {
    const files = Object.fromEntries(Object.entries(complete()).filter(([key]) => key !== name));
    await expect(open(await write(files))).rejects.toMatchObject({
      code: "certificate-file",
      message: expect.stringContaining(`${name} is missing`),
    });
  });

  test("a certificate that may not sign", async () => {
    const leaf = await makeCertificate(leafTemplate(), root.issuer);
    const files = { ...complete(), "ca-key.pem": leaf.keyPem, "ca-cert.pem": leaf.pem };
    await expect(open(await write(files))).rejects.toMatchObject({ code: "certificate-chain" });
  });

  test("an intermediate below one that allows none", async () => {
    const below = await makeCertificate(
      authorityTemplate({ subject: "CN=below", authority: { pathLength: 0 } }),
      signing.issuer,
    );
    const files = {
      ...complete(),
      "ca-key.pem": below.keyPem,
      "ca-cert.pem": below.pem,
    };
    await expect(open(await write(files))).rejects.toMatchObject({
      code: "certificate-chain",
      message: expect.stringContaining("CN=signing allows 0 authorities below it, not 1"),
    });
  });

  test("a chain with a gap, with who is missing", async () => {
    const directory = await write({ ...complete(), "cert-chain.pem": "" });
    await expect(open(directory)).rejects.toThrow("CN=middle, which signed it, is neither in");
  });

  test("an intermediate that has ended", async () => {
    const old = await makeCertificate(
      authorityTemplate({ subject: "CN=old", notAfter: Date.now() - 1000 }),
      root.issuer,
    );
    const files = { ...complete(), "ca-key.pem": old.keyPem, "ca-cert.pem": old.pem };
    await expect(open(await write(files))).rejects.toMatchObject({ code: "authority-expired" });
  });

  test.each([0o604, 0o660, 0o644])("a key with mode %o", async (mode) => {
    const directory = await write(complete());
    await chmod(join(directory, "ca-key.pem"), mode);
    await expect(open(directory)).rejects.toMatchObject({ code: "state-file-mode" });
  });
});

test("no refusal quotes the key", async () => {
  const directory = await write({ ...complete(), "ca-key.pem": signing.keyPem.slice(0, 120) });
  const error: unknown = await open(directory).catch((reason: unknown) => reason);
  expect(String(error) + JSON.stringify(error)).not.toContain(signing.keyPem.slice(30, 60));
});
