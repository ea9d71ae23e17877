import { beforeAll, describe, expect, test } from "vitest";
import { checkCertificate } from "../../../../src/ca/certificate/certificate-check.js";
import {
  type CertificateTemplate,
  rootTemplate,
  workloadTemplate,
} from "../../../../src/ca/certificate/certificate-template.js";
import {
  generateKeyPair,
  type Issuer,
  type KeyPair,
  publicKeyDer,
  signCertificate,
} from "../../../../src/ca/certificate/x509.js";

const NOW = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const SERIAL = new Uint8Array(16).fill(7);
const IDENTITY = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };
const TEMPLATE = workloadTemplate(IDENTITY, {
  ...{ now: NOW, ttlMs: HOUR, serial: SERIAL },
  ...{ authorityNotAfter: NOW + 10 * HOUR, keyType: "P-256" },
});

let keys: KeyPair;
let issuer: Issuer;
let otherIssuer: Issuer;
let publicKey: Buffer;

async function makeIssuer(trustDomain: string): Promise<Issuer> {
  const root = await generateKeyPair("P-256");
  const template = rootTemplate(trustDomain, { now: NOW, ttlMs: 10 * HOUR, serial: SERIAL });
  const certificate = await signCertificate(template, { publicKey: root.publicKey, issuer: root });
  return { privateKey: root.privateKey, certificate };
}

beforeAll(async () => {
  keys = await generateKeyPair("P-256");
  publicKey = await publicKeyDer(keys.publicKey);
  issuer = await makeIssuer("cluster.local");
  otherIssuer = await makeIssuer("cluster.local");
});

const sign = (template: CertificateTemplate): Promise<Buffer> =>
  signCertificate(template, { publicKey: keys.publicKey, issuer });

const check = (
  der: Buffer,
  changed: Partial<Parameters<typeof checkCertificate>[1]> = {},
): void => {
  const against = { template: TEMPLATE, publicKey, issuer: issuer.certificate, now: NOW };
  checkCertificate(der, { ...against, ...changed });
};

test("what was signed as wanted passes", async () => {
  const der = await sign(TEMPLATE);
  expect(() => {
    check(der);
  }).not.toThrow();
});

describe("a certificate that differs from what was wanted is refused:", () => {
  test.each<[string, Partial<CertificateTemplate>]>([
    ["subject", { subject: "CN=somebody" }],
    ["serial number", { serialNumber: "41".repeat(16) }],
    ["notBefore", { notBefore: NOW - HOUR }],
    ["notAfter", { notAfter: NOW + 2 * HOUR }],
    ["authority", { authority: { pathLength: 3 } }],
    ["key usage", { keyUsages: ["digitalSignature", "keyCertSign"] }],
    ["labels", { labels: { app: "payments" } }],
    ["extended key usage", { extendedKeyUsages: ["serverAuth"] }],
    [
      "alternative names",
      { subjectAltNames: [...TEMPLATE.subjectAltNames, { type: "dns", value: "evil.example" }] },
    ],
    [
      "alternative names",
      { subjectAltNames: [{ type: "uri", value: "spiffe://cluster.local/x" }] },
    ],
  ])("%s", async (what, changed) => {
    const der = await sign({ ...TEMPLATE, ...changed });
    expect(() => {
      check(der);
    }).toThrow(
      expect.objectContaining({
        code: "certificate-check",
        message: expect.stringContaining(`${what}: wanted`),
      }),
    );
  });

  test("public key", async () => {
    const other = await publicKeyDer((await generateKeyPair("P-256")).publicKey);
    const der = await sign(TEMPLATE);
    expect(() => {
      check(der, { publicKey: other });
    }).toThrow("public key");
  });

  test("signature", async () => {
    const der = await sign(TEMPLATE);
    expect(() => {
      check(der, { issuer: otherIssuer.certificate });
    }).toThrow("signature");
  });

  test.each([NOW - HOUR, NOW + HOUR])("validity at %d", async (now) => {
    const der = await sign(TEMPLATE);
    expect(() => {
      check(der, { now });
    }).toThrow("validity");
  });

  test("an end after that of who signed it", async () => {
    const template = { ...TEMPLATE, notAfter: NOW + 11 * HOUR };
    const der = await sign(template);
    expect(() => {
      check(der, { template });
    }).toThrow("end: wanted");
  });
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["text", Buffer.from("hello")],
])("%s is no certificate", (_, der) => {
  expect(() => {
    check(der);
  }).toThrow(expect.objectContaining({ code: "certificate-file" }));
});
