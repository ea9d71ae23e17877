import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Authenticate,
  type Authentication,
  createAuthenticator,
  type Presented,
} from "../../../../src/ca/caller/authenticate.js";
import { createGuessLimit } from "../../../../src/ca/caller/guess-limit.js";
import { presentedBy } from "../../../../src/ca/caller/presented-by.js";
import type { CertificateTemplate } from "../../../../src/ca/certificate/certificate-template.js";
import { readCertificate } from "../../../../src/ca/certificate/x509.js";
import {
  createToken,
  openTokenStore,
  type TokenStore,
} from "../../../../src/ca/token/token-store.js";
import { leafTemplate, makeCertificate } from "../make-certificate.js";
import { temporaryDirectory } from "../temporary-directory.js";

const HOUR = 3_600_000;
const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };

let now: number;
let state: string;
let tokens: TokenStore;
let authenticate: Authenticate;

beforeEach(async () => {
  now = Date.now();
  state = await temporaryDirectory();
  tokens = await openTokenStore(state, () => now);
  authenticate = createAuthenticator({
    authority: { trustDomain: "cluster.local", workloadTtlMs: 24 * HOUR },
    tokens,
    guesses: createGuessLimit({ now: () => now, capacity: 3, refillPerSecond: 1 }),
    now: () => now,
  });
});

const presented = (changed: Partial<Presented>): Presented => ({
  transport: "tls",
  authorization: [],
  peerCertificate: undefined,
  peerAddress: "192.0.2.1",
  ...changed,
});

async function token(): Promise<string> {
  const request = { namespace: "default", serviceAccount: "payments", ttlMs: HOUR, uses: 1 };
  return (await createToken(tokens, request)).text.reveal();
}

async function leaf(changed: Partial<CertificateTemplate> = {}): Promise<Buffer> {
  return (await makeCertificate(leafTemplate(changed))).der;
}

function byToken(text: string, changed: Partial<Presented> = {}): Promise<Authentication> {
  return authenticate(presented({ authorization: [`Bearer ${text}`], ...changed }));
}

function reasonOf(authentication: Authentication): string {
  return authentication.kind === "refused" ? authentication.refusal.reason : authentication.kind;
}

describe("a token proves", () => {
  test("the identity that it was made for, for the life of a certificate", async () => {
    const text = await token();
    expect(await byToken(text)).toEqual({
      kind: "proved",
      proof: {
        ...PAYMENTS,
        method: "token",
        expiresAt: now + 24 * HOUR,
        evidence: text.split("-")[1],
      },
    });
  });

  test.each(["Bearer", "bearer", "BEARER "])("after the word %s", async (word) => {
    const result = await authenticate(presented({ authorization: [`${word} ${await token()}`] }));
    expect(result.kind).toBe("proved");
  });

  test("nothing on the plaintext port, where it is not even used up", async () => {
    const text = await token();
    expect(await byToken(text, { transport: "plaintext" })).toEqual({ kind: "anonymous" });
    expect((await byToken(text)).kind).toBe("proved");
  });
});

describe("a refusal", () => {
  test("is UNAUTHENTICATED and tells all peers with a bad token the same", async () => {
    const used = await token();
    await byToken(used);
    const results = [
      await byToken(used),
      await byToken("hello"),
      await byToken(used.replace(/-.{10}-/, "-aaaaaaaaaa-")),
    ];
    const refusals = results.map((result) =>
      result.kind === "refused" ? result.refusal : undefined,
    );
    expect(refusals.map((refusal) => refusal?.reason)).toEqual([
      "token-used-up",
      "token-malformed",
      "token-unknown",
    ]);
    expect(new Set(refusals.map((refusal) => refusal?.message)).size).toBe(1);
    expect(new Set(refusals.map((refusal) => refusal?.code))).toEqual(
      new Set([status.UNAUTHENTICATED]),
    );
    expect(refusals[0]?.message).toContain("fairlead token create");
    expect(JSON.stringify(refusals)).not.toContain(used.split("-")[2]);
  });

  test.each<[string, readonly string[]]>([
    ["no-credential", []],
    ["unknown-scheme", ["Basic YTpi"]],
    ["unknown-scheme", ["Bearer"]],
    ["unknown-scheme", ["Bearer a b"]],
    ["unknown-scheme", ["Bearer a", "Bearer b"]],
    ["unknown-scheme", [`Bearer ${"a".repeat(20_000)}`]],
  ])("%s for %j", async (reason, authorization) => {
    expect(reasonOf(await authenticate(presented({ authorization })))).toBe(reason);
  });

  test("of a token whose file cannot be trusted goes to the log, not to the peer", async () => {
    const text = await token();
    const file = join(state, "tokens", `${text.split("-")[1]!}.json`);
    await chmod(file, 0o666);
    expect(await byToken(text)).toMatchObject({
      refusal: {
        reason: "token-store",
        detail: expect.stringContaining(file),
        message: expect.not.stringContaining(state),
      },
    });
  });
});

describe("guesses", () => {
  test("of one address are limited, also before a token that is right", async () => {
    for (let i = 0; i < 3; i++) await byToken("hello");
    const text = await token();
    expect(reasonOf(await byToken(text))).toBe("too-many-guesses");
    expect(reasonOf(await byToken(text, { peerAddress: "192.0.2.2" }))).toBe("proved");
  });

  test("are taken again when time has passed", async () => {
    for (let i = 0; i < 3; i++) await byToken("hello");
    now += 1000;
    expect(reasonOf(await byToken(await token()))).toBe("proved");
  });

  test("are not what a proxy with a used-up token makes", async () => {
    const text = await token();
    for (let i = 0; i < 10; i++) await byToken(text);
    expect(reasonOf(await byToken(await token()))).toBe("proved");
  });

  test("do not keep out who shows a certificate", async () => {
    for (let i = 0; i < 3; i++) await byToken("hello");
    expect(reasonOf(await byToken("hello", { peerCertificate: await leaf() }))).toBe("proved");
  });
});

describe("a certificate", () => {
  test("proves its identity until it ends", async () => {
    const template = leafTemplate();
    const { der } = await makeCertificate(template);
    expect(await authenticate(presented({ peerCertificate: der }))).toEqual({
      kind: "proved",
      proof: {
        ...PAYMENTS,
        method: "certificate",
        expiresAt: template.notAfter,
        evidence: template.serialNumber,
      },
    });
  });

  test("is preferred to a token, which is not used up", async () => {
    const text = await token();
    const first = await byToken(text, { peerCertificate: await leaf() });
    expect(first).toMatchObject({ proof: { method: "certificate" } });
    expect(await byToken(text)).toMatchObject({ proof: { method: "token" } });
  });

  test("that is no longer taken leaves it to the token", async () => {
    const der = await leaf({ notAfter: now - 1000 });
    const result = await byToken(await token(), { peerCertificate: der });
    expect(result).toMatchObject({ proof: { method: "token" } });
  });

  const uri = (value: string): CertificateTemplate["subjectAltNames"][number] => ({
    type: "uri",
    value,
  });
  test.each<[string, Partial<CertificateTemplate>]>([
    ["certificate-expired", { notAfter: Date.now() - 1000 }],
    ["certificate-expired", { notBefore: Date.now() + HOUR }],
    ["certificate-authority", { authority: { pathLength: 0 } }],
    ["certificate-usage", { extendedKeyUsages: ["serverAuth"] }],
    ["certificate-usage", { extendedKeyUsages: [] }],
    ["certificate-name", { subject: "CN=spiffe", subjectAltNames: [] }],
    ["certificate-name", { subjectAltNames: [{ type: "dns", value: "localhost" }] }],
    ["certificate-name", { subjectAltNames: [uri("spiffe://cluster.local")] }],
    [
      "certificate-name",
      {
        subjectAltNames: [
          uri("spiffe://cluster.local/ns/default/sa/payments"),
          uri("spiffe://cluster.local/ns/default/sa/orders"),
        ],
      },
    ],
    [
      "certificate-trust-domain",
      { subjectAltNames: [uri("spiffe://elsewhere/ns/default/sa/payments")] },
    ],
  ])("is refused as %s when it has %j", async (reason, changed) => {
    const der = await leaf(changed);
    expect(reasonOf(await authenticate(presented({ peerCertificate: der })))).toBe(reason);
  });

  test("is refused when it is revoked", async () => {
    const der = await leaf();
    const { serialNumber } = readCertificate(der);
    const careful = createAuthenticator({
      authority: { trustDomain: "cluster.local", workloadTtlMs: 24 * HOUR },
      revoked: (serial) => serial === serialNumber,
      tokens,
      guesses: createGuessLimit({ now: () => now }),
      now: () => now,
    });
    expect(reasonOf(await careful(presented({ peerCertificate: der })))).toBe(
      "certificate-revoked",
    );
  });

  test("of a former trust domain proves the identity of the same name in this one", async () => {
    const former = createAuthenticator({
      authority: { trustDomain: "mesh.example.com", workloadTtlMs: 24 * HOUR },
      trustDomainAliases: ["cluster.local"],
      tokens,
      guesses: createGuessLimit({ now: () => now }),
      now: () => now,
    });
    expect(await former(presented({ peerCertificate: await leaf() }))).toMatchObject({
      kind: "proved",
      proof: { ...PAYMENTS, trustDomain: "mesh.example.com" },
    });
  });

  test("that cannot be read is refused", async () => {
    const result = await authenticate(presented({ peerCertificate: Buffer.from("hello") }));
    expect(reasonOf(result)).toBe("certificate-unreadable");
  });
});

describe("what a call brings along", () => {
  const certificate = Buffer.from("der");
  const peer = { address: "192.0.2.1", authorization: ["Bearer a"], certificate };

  test("is the header, and the certificate that TLS verified", () => {
    expect(presentedBy({ ...peer, isEncrypted: true })).toEqual({
      transport: "tls",
      authorization: ["Bearer a"],
      peerCertificate: certificate,
      peerAddress: "192.0.2.1",
    });
  });

  test("is of plaintext on a port without TLS", () => {
    expect(presentedBy({ ...peer, isEncrypted: false })).toMatchObject({ transport: "plaintext" });
  });
});
