import { describe, expect, test } from "vitest";
import { faultOf, readIdentity, readRoots } from "../../../src/agent/identity.js";
import { CertificateError } from "../../../src/ca/ca-error.js";
import { redact } from "../../../src/ca/redacted.js";
import { authorityTemplate, leafTemplate, makeCertificate } from "../ca/make-certificate.js";
import { fakeAuthority, lifeOf, PAYMENTS } from "./fake-authority.js";

const NOW = Date.now();
const HOUR = 3_600_000;
const authority = await fakeAuthority();
const stranger = await fakeAuthority("two");

test("a key and its certificate are the workload that this names, since it was issued", async () => {
  const { workload, issuedAt, notAfter } = await authority.issue(lifeOf(NOW, HOUR));
  expect(workload).toEqual({ trustDomain: "cluster.local", ...PAYMENTS });
  expect(notAfter - issuedAt).toBe(HOUR);
});

describe("no identity is", () => {
  test("a certificate for another key", async () => {
    const [one, other] = await Promise.all([authority.issue(), authority.issue()]);
    expect(() => readIdentity(one.chain, other.privateKey)).toThrow(CertificateError);
  });

  test("a certificate without a name, or with two", async () => {
    for (const subjectAltNames of [
      [{ type: "dns", value: "payments" }],
      [
        { type: "uri", value: "spiffe://cluster.local/ns/default/sa/payments" },
        { type: "uri", value: "spiffe://cluster.local/ns/default/sa/orders" },
      ],
    ] as const) {
      const made = makeCertificate(leafTemplate({ subjectAltNames }), authority.root.issuer);
      const { pem, keyPem } = await made;
      expect(() => readIdentity(pem, redact(keyPem))).toThrow("does not name one workload");
    }
  });

  test("what has no certificate or no key, and the error quotes neither", async () => {
    const { chain, privateKey } = await authority.issue();
    expect(() => readIdentity("", privateKey)).toThrow("there is no certificate");
    expect(() => readIdentity(chain, redact("secret words"))).toThrow(/^there is no private key$/);
  });

  test("a chain of more certificates than any mesh has", async () => {
    const { chain, privateKey } = await authority.issue();
    const long = chain + authority.root.pem.repeat(8);
    expect(() => readIdentity(long, privateKey)).toThrow("more than 8 certificates");
  });
});

describe("a certificate is of use", () => {
  const expectation = { wanted: PAYMENTS, roots: authority.root.pem, now: NOW };

  test("when it is of whom it should be, is valid, and leads to a root that is trusted", async () => {
    const roots = stranger.root.pem + authority.root.pem;
    expect(faultOf(await authority.issue(), { ...expectation, roots })).toBeUndefined();
  });

  test("also when an authority stands between it and the root", async () => {
    const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
    const between = await makeCertificate(
      authorityTemplate({ subject: "O=cluster.local, CN=between", subjectAltNames: [] }),
      root.issuer,
    );
    const { pem, keyPem } = await makeCertificate(leafTemplate(), between.issuer);
    const identity = readIdentity(pem + between.pem, redact(keyPem));
    expect(faultOf(identity, { ...expectation, roots: root.pem })).toBeUndefined();
  });

  test("not when it is of somebody else", async () => {
    const wanted = { namespace: "default", serviceAccount: "orders" };
    expect(faultOf(await authority.issue(), { ...expectation, wanted })).toBe(
      "it is that of default/payments, not of default/orders",
    );
  });

  test("not when it has ended, from that moment on", async () => {
    const identity = await authority.issue(lifeOf(NOW, HOUR));
    const before = { ...expectation, now: identity.notAfter - 1 };
    expect(faultOf(identity, before)).toBeUndefined();
    expect(faultOf(identity, { ...expectation, now: identity.notAfter })).toMatch(/^it ended at /);
  });

  test("not before it begins", async () => {
    const identity = await authority.issue(lifeOf(NOW + HOUR, HOUR));
    expect(faultOf(identity, expectation)).toBe("it is not valid yet");
  });

  test("not when it leads to a root that is not trusted", async () => {
    expect(faultOf(await stranger.issue(), expectation)).toContain("does not lead to a root");
  });
});

describe("roots", () => {
  test("are kept without what stands around them", () => {
    expect(readRoots(`# ours\n${authority.root.pem}`)).toBe(authority.root.pem);
  });

  test("are at least one, and no more than a mesh has", () => {
    expect(() => readRoots("none")).toThrow("no root");
    expect(() => readRoots(authority.root.pem.repeat(65))).toThrow("more than 64");
  });

  test("are authorities", async () => {
    const { chain } = await authority.issue();
    expect(() => readRoots(chain)).toThrow("no authority");
  });
});
