import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type LeafParameters,
  rootTemplate,
  serverTemplate,
  workloadTemplate,
} from "../../../../src/ca/certificate/certificate-template.js";

const NOW = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const IDENTITY = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

const parameters = (changed: Partial<LeafParameters> = {}): LeafParameters => ({
  now: NOW,
  ttlMs: HOUR,
  serial: new Uint8Array(16).fill(0xab),
  authorityNotAfter: NOW + 10 * HOUR,
  keyType: "P-256",
  ...changed,
});

test("a workload's certificate has its SPIFFE ID as its only name", () => {
  expect(workloadTemplate(IDENTITY, parameters())).toEqual({
    subject: "",
    serialNumber: `6b${"ab".repeat(15)}`,
    notBefore: NOW - 120_000,
    notAfter: NOW + HOUR,
    keyUsages: ["digitalSignature"],
    extendedKeyUsages: ["serverAuth", "clientAuth"],
    subjectAltNames: [{ type: "uri", value: "spiffe://cluster.local/ns/default/sa/payments" }],
  });
});

test("what describes a workload is its certificate's subject, and no name by which anybody is known", () => {
  const template = workloadTemplate({ ...IDENTITY, description: "|app=a/b" }, parameters());
  expect(template.subject).toBe("2.5.4.13=|app=a/b");
  expect(template.subjectAltNames).toEqual(
    workloadTemplate(IDENTITY, parameters()).subjectAltNames,
  );
});

test.each(["", "a,CN=b", "a+b", 'a"b', "a\\b", "a\nb", "é", "a".repeat(1025)])(
  "a workload is not described by %j",
  (description) => {
    expect(() => workloadTemplate({ ...IDENTITY, description }, parameters())).toThrow(
      expect.objectContaining({ code: "certificate-name" }),
    );
  },
);

test("a certificate for an RSA key may also be used to exchange keys", () => {
  const template = workloadTemplate(IDENTITY, parameters({ keyType: "RSA-2048" }));
  expect(template.keyUsages).toEqual(["digitalSignature", "keyEncipherment"]);
});

test("no certificate outlives its authority", () => {
  const template = workloadTemplate(IDENTITY, parameters({ authorityNotAfter: NOW + 1000 }));
  expect(template.notAfter).toBe(NOW + 1000);
});

test.each([NOW, NOW - 1, NOW - HOUR])("an authority that ended at %d signs nothing", (end) => {
  expect(() => workloadTemplate(IDENTITY, parameters({ authorityNotAfter: end }))).toThrow(
    expect.objectContaining({ code: "authority-expired" }),
  );
});

test("a root is of its trust domain, signs certificates and has no authority below it", () => {
  expect(rootTemplate("cluster.local", parameters())).toMatchObject({
    subject: "O=cluster.local, CN=fairlead root 6bababab",
    authority: { pathLength: 0 },
    keyUsages: ["keyCertSign", "cRLSign"],
    subjectAltNames: [{ type: "uri", value: "spiffe://cluster.local" }],
  });
});

test.each([
  ["nothing", []],
  ["a space", ["a b"]],
  ["a slash", ["a/b"]],
  ["a wildcard inside", ["a.*.b"]],
])("a server's certificate for %s is refused", (_, names) => {
  const altNames = names.map((value) => ({ type: "dns" as const, value }));
  expect(() => serverTemplate(altNames, parameters())).toThrow(
    expect.objectContaining({ code: "certificate-name" }),
  );
});

test("serial numbers are positive and never zero; times are whole seconds and in order", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 1_000_000_000, max: 4_000_000_000_000 }),
      fc.integer({ min: 1001, max: 1000 * HOUR }),
      (serial, now, ttlMs) => {
        const template = workloadTemplate(
          IDENTITY,
          parameters({ serial, now, ttlMs, authorityNotAfter: Number.POSITIVE_INFINITY }),
        );
        const first = Number.parseInt(template.serialNumber.slice(0, 2), 16);
        expect(first).toBeGreaterThanOrEqual(0x40);
        expect(first).toBeLessThan(0x80);
        expect(template.notBefore % 1000).toBe(0);
        expect(template.notAfter % 1000).toBe(0);
        expect(template.notBefore).toBeLessThan(now);
        expect(template.notAfter).toBeGreaterThan(now);
      },
    ),
  );
});
