/** Istio's certificate service on a running control plane: who gets which certificate. */
import { X509Certificate } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../src/ca/certificate/x509.js";
import { redact } from "../../../src/ca/redacted.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { AGENT_KEY, makeRequest, rsaKey } from "../../unit/ca/make-request.js";
import { type AdsClientOptions, openAds } from "./ads-client.js";
import { createCertificate } from "./certificate-client.js";
import { shareStart } from "./start.js";

const PAYMENTS = "spiffe://cluster.local/ns/default/sa/payments";
const DAY_MS = 86_400_000;

const started = shareStart("");

const contentOf = (pem: string | undefined): ReturnType<typeof readCertificate> =>
  readCertificate(certificatesOfPem(pem ?? "")[0] ?? Buffer.alloc(0));

describe("an agent that keeps its key", () => {
  test("is given a chain of at least two, its own certificate first and the roots last", async () => {
    const { overTls, token } = started();
    const { pem, publicKey } = await makeRequest({ key: AGENT_KEY, uris: [PAYMENTS] });
    const chain = await createCertificate({ ...overTls, token: await token() }, pem);
    expect(chain.length).toBeGreaterThanOrEqual(2);
    expect(chain.every((element) => element.endsWith("-----\n"))).toBe(true);
    expect(chain.at(-1)).toBe(overTls.roots);
    const [leaf] = chain;
    expect(contentOf(leaf)).toMatchObject({
      subject: "",
      subjectAltNames: [{ type: "uri", value: PAYMENTS }],
      keyUsages: ["digitalSignature", "keyEncipherment"],
      publicKey,
    });
    const root = new X509Certificate(overTls.roots);
    expect(new X509Certificate(leaf ?? "").verify(root.publicKey)).toBe(true);
  });

  test("can renew by the certificate that it was given, without a token", async () => {
    const { overTls, token } = started();
    const first = await makeRequest({ key: AGENT_KEY });
    const chain = await createCertificate({ ...overTls, token: await token() }, first.pem);
    const certificate = { chain: chain.slice(0, -1).join(""), key: first.privateKey };
    const [leaf] = await createCertificate({ ...overTls, certificate }, (await makeRequest()).pem);
    expect(contentOf(leaf).subjectAltNames).toEqual([{ type: "uri", value: PAYMENTS }]);
  });

  test("is logged by its identity, never by its token", async () => {
    const { overTls, token, log } = started();
    const secret = await token();
    await createCertificate({ ...overTls, token: secret }, (await makeRequest()).pem);
    expect(log.join("")).toContain(PAYMENTS);
    expect(log.join("")).not.toContain(secret.split("-")[2]);
  });

  test.each([
    ["a day when it asks for nothing", 0, DAY_MS],
    ["as long as it asks for", 3600, 3_600_000],
    ["no longer than others are", 10 * 365 * 86_400, DAY_MS],
  ])("is given a certificate that is valid %s", async (_what, asked, givenMs) => {
    const { overTls, token } = started();
    const { pem } = await makeRequest();
    const before = Date.now();
    const [leaf] = await createCertificate({ ...overTls, token: await token() }, pem, asked);
    const { notAfter } = contentOf(leaf);
    expect(notAfter).toBeGreaterThan(before + givenMs - 1000);
    expect(notAfter).toBeLessThanOrEqual(Date.now() + givenMs);
  });
});

describe("Istio's agent, which asks for a certificate and a stream each time it starts", () => {
  const agentRequest = () => makeRequest({ key: AGENT_KEY, uris: [PAYMENTS], subject: "O=" });

  /** A stream as the agent opens it for its Envoy, which asks it for secrets and not the control plane. */
  async function openStream(shown: Pick<AdsClientOptions, "token" | "certificate">): Promise<void> {
    const { overTls } = started();
    const metadata = { CLUSTER_ID: "Kubernetes", MESH_ID: "cluster.local" };
    const client = openAds({ ...overTls, ...shown, serviceAccount: "payments", metadata });
    expect((await client.ask(TYPE_URL.cluster)).names).not.toEqual([]);
  }

  test("is served by one token, which it shows with both", async () => {
    const { overTls, token } = started();
    const shown = { token: await token("default/payments", 2) };
    const chain = await createCertificate({ ...overTls, ...shown }, (await agentRequest()).pem);
    expect(chain.at(-1)).toBe(overTls.roots);
    await openStream(shown);
  });

  test("is served by the files of a certificate, by which it asks for the next, and a stream", async () => {
    const { overTls, token } = started();
    const first = await agentRequest();
    const chain = await createCertificate({ ...overTls, token: await token() }, first.pem);
    // PROV_CERT: cert-chain.pem is what OUTPUT_CERTS wrote, with the root at its end.
    const files = { chain: chain.join(""), key: first.privateKey };
    const second = await agentRequest();
    const next = await createCertificate({ ...overTls, certificate: files }, second.pem);
    expect(contentOf(next[0])).toMatchObject({ publicKey: second.publicKey });
    const privateKey = redact(first.privateKey);
    const certificate = { chain: files.chain, privateKey, issuedAt: 0, notAfter: 0 };
    await openStream({ certificate });
  });
});

describe("whatever a request says", () => {
  test.each([
    ["another identity", { uris: ["spiffe://cluster.local/ns/istio-system/sa/gateway"] }],
    ["names beside its own", { uris: [PAYMENTS], dns: ["istiod.istio-system.svc", "*.mesh"] }],
    ["a subject", { subject: "CN=istiod.istio-system.svc, O=cluster.local" }],
  ])("a CSR for %s gets the caller's own name and no other", async (_what, options) => {
    const { overTls, token } = started();
    const { pem } = await makeRequest(options);
    const [leaf] = await createCertificate({ ...overTls, token: await token() }, pem);
    const { authority, subject, subjectAltNames } = contentOf(leaf);
    expect({ authority, subject, subjectAltNames }).toEqual({
      authority: undefined,
      subject: "",
      subjectAltNames: [{ type: "uri", value: PAYMENTS }],
    });
  });

  test.each([
    ["CA:TRUE", { authority: true }, "may sign others"],
    ["a weak key", { key: rsaKey(1024) }, "RSA of 2048"],
  ])("a CSR with %s is refused with the reason", async (_what, options, why) => {
    const { overTls, token } = started();
    const { pem } = await makeRequest(options);
    const request = createCertificate({ ...overTls, token: await token() }, pem);
    await expect(request).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(why) as string,
    });
  });
});

describe("no certificate is given", () => {
  test("to a caller that proved nothing", async () => {
    const { overTls } = started();
    const { pem } = await makeRequest({ uris: [PAYMENTS] });
    await expect(createCertificate(overTls, pem)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  });

  test("for a token that was used up", async () => {
    const { overTls, token } = started();
    const caller = { ...overTls, token: await token() };
    await createCertificate(caller, (await makeRequest()).pem);
    await expect(createCertificate(caller, (await makeRequest()).pem)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  });

  test("on the plaintext port, with or without a token", async () => {
    const { controlPlane, token } = started();
    const caller = { port: controlPlane.plaintextPort, token: await token() };
    await expect(createCertificate(caller, (await makeRequest()).pem)).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });
});
