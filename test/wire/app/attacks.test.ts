/** What attackers try on the ports of a running control plane. Each test is named by what has to hold; see docs/security.md. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { redact } from "../../../src/ca/redacted.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import {
  authorityTemplate,
  leafTemplate,
  makeCertificate,
} from "../../unit/ca/make-certificate.js";
import { AUDIENCE, ISSUER, makeIssuer } from "../../unit/ca/make-jwt.js";
import { makeRequest } from "../../unit/ca/make-request.js";
import { type AdsClient, openAds } from "./ads-client.js";
import { createCertificate } from "./certificate-client.js";
import { shareStart, start } from "./start.js";

const { pem: ROOT } = await makeCertificate(authorityTemplate());
const MESH = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: MUTUAL, credentialName: app-tls}
---
apiVersion: v1
kind: Secret
metadata: {name: app-tls, namespace: istio-system}
stringData: {ca.crt: ${JSON.stringify(ROOT)}}
`;
const GATEWAY = { type: "router", labels: { istio: "ingressgateway" } } as const;
const GATEWAY_SECRETS = ["kubernetes://app-tls", "kubernetes://app-tls-cacert"];

const shared = shareStart(MESH);
/** All tokens that were made: none of them may be seen anywhere. */
const tokens: string[] = [];

async function newToken(serviceAccount = "default/payments"): Promise<string> {
  const token = await shared().token(serviceAccount);
  tokens.push(token);
  return token;
}

/** A proxy that proved to be default/payments. */
async function sidecar(): Promise<AdsClient> {
  const token = await newToken();
  const client = openAds({ ...shared().overTls, token, serviceAccount: "payments" });
  await client.ask(TYPE_URL.cluster);
  return client;
}

const REFUSED = expect.objectContaining({ code: status.UNAUTHENTICATED }) as unknown;

afterAll(() => {
  const log = shared().log.join("");
  expect(log).toContain("refused a proxy");
  expect(log).not.toContain("PRIVATE KEY");
  for (const token of tokens) expect(log).not.toContain(token.split("-")[2]);
});

test("a token that was used is worthless to who copied it, for streams and for certificates", async () => {
  const token = await newToken();
  const options = { ...shared().overTls, token, serviceAccount: "payments" };
  await openAds(options).ask(TYPE_URL.cluster);
  await expect(openAds(options).ask(TYPE_URL.cluster)).rejects.toEqual(REFUSED);
  await expect(createCertificate(options, (await makeRequest()).pem)).rejects.toEqual(REFUSED);
});

test("of a stream and a certificate request that use a token at once, one is served", async () => {
  const token = await newToken();
  const options = { ...shared().overTls, token, serviceAccount: "payments" };
  const { pem } = await makeRequest();
  const outcomes = await Promise.allSettled([
    openAds(options).ask(TYPE_URL.cluster),
    createCertificate(options, pem),
  ]);
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("a sidecar is given no secret but its own, by whatever name it asks", async () => {
  const client = await sidecar();
  const others = [
    "spiffe://cluster.local/ns/default/sa/orders",
    "orders",
    ...GATEWAY_SECRETS,
    "kubernetes-gateway://istio-system/app-tls",
    "file-cert:/etc/hostname~/etc/hostname",
    "../ca/current.pem",
  ];
  const { names, removed } = await client.ask(TYPE_URL.secret, ["default", ...others]);
  expect(names).toEqual(["default"]);
  expect([...removed].sort()).toEqual([...others].sort());
});

test("a gateway is given no secret of another namespace, though its labels are those of the gateway there", async () => {
  const token = await newToken();
  const stranger = openAds({
    ...shared().overTls,
    ...GATEWAY,
    token,
    serviceAccount: "payments",
  });
  await stranger.ask(TYPE_URL.cluster);
  expect(await stranger.ask(TYPE_URL.secret, GATEWAY_SECRETS)).toMatchObject({ names: [] });

  const own = openAds({
    ...shared().overTls,
    ...GATEWAY,
    token: await newToken("istio-system/default"),
    namespace: "istio-system",
  });
  await own.ask(TYPE_URL.listener);
  const { names } = await own.ask(TYPE_URL.secret, GATEWAY_SECRETS);
  expect([...names].sort()).toEqual(GATEWAY_SECRETS);
});

test("a node with metadata of 20 MB is turned away, and others are served", async () => {
  const token = await newToken();
  const labels = { app: "x".repeat(20_000_000) };
  const options = { ...shared().overTls, token, serviceAccount: "payments" };
  await expect(openAds({ ...options, labels }).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
  await sidecar();
});

test("a proxy that calls itself by a megabyte is turned away, and nothing of that is logged", async () => {
  const options = { ...shared().overTls, token: await newToken(), serviceAccount: "payments" };
  const client = openAds({ ...options, name: "x".repeat(1_000_000) });
  await expect(client.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
  });
  await sidecar();
  expect(shared().log.filter((line) => line.length > 10_000)).toEqual([]);
});

test("headers of a megabyte are turned away, and others are served", async () => {
  const token = "x".repeat(1_000_000);
  const client = openAds({ ...shared().overTls, token });
  await expect(client.ask(TYPE_URL.cluster)).rejects.toThrow();
  await sidecar();
});

test("handshakes that never end keep nobody out", async () => {
  const { port } = shared().overTls;
  const sockets = Array.from({ length: 200 }, (): Socket => connect(port, "127.0.0.1"));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  // The head of a record of a handshake, whose rest does not come.
  for (const socket of sockets) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
  await sidecar();
});

test("tokens that are guessed at speed are soon not even looked at", async () => {
  const { overTls, token, log } = await start("");
  const guesses = Array.from(
    { length: 25 },
    (_, i) => `fairlead-aaaaaaaaaa-${"b".repeat(30)}${i % 2 === 0 ? "cc" : "dd"}`,
  );
  for (const guess of guesses) {
    const attempt = openAds({ ...overTls, token: guess }).ask(TYPE_URL.cluster);
    await expect(attempt).rejects.toEqual(REFUSED);
  }
  expect(log.join("")).toContain('"reason":"too-many-guesses"');
  const right = openAds({ ...overTls, token: await token(), serviceAccount: "payments" });
  await expect(right.ask(TYPE_URL.cluster)).rejects.toEqual(REFUSED);
});

test("issuers and authorities that the configuration names let nobody in", async () => {
  const issuer = await makeIssuer();
  const authority = await makeCertificate(authorityTemplate());
  const leaf = await makeCertificate(leafTemplate(), authority.issuer);
  const mesh = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomainAliases: [elsewhere]
    caCertificates: [{ pem: ${JSON.stringify(authority.pem)}, trustDomains: [cluster.local] }]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: issuers, namespace: istio-system}
spec:
  jwtRules: [{ issuer: "${ISSUER}", audiences: [${AUDIENCE}], jwks: '${issuer.jwks}' }]
`;
  const { overTls } = await start(mesh);
  const options = { ...overTls, serviceAccount: "payments" };
  const token = await issuer.sign();
  await expect(openAds({ ...options, token }).ask(TYPE_URL.cluster)).rejects.toEqual(REFUSED);
  const certificate = {
    chain: leaf.pem,
    privateKey: redact(leaf.keyPem),
    issuedAt: 0,
    notAfter: 0,
  };
  const byCertificate = openAds({ ...options, certificate });
  await expect(byCertificate.ask(TYPE_URL.cluster)).rejects.toEqual(REFUSED);
});

test("of files that the configuration names proxies are told the names, and nobody what is in them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-named-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "named.pem");
  await writeFile(file, ROOT);
  const [, marker = ""] = ROOT.split("\n");
  const mesh = `
apiVersion: v1
kind: Service
metadata: {name: called}
spec: {ports: [{name: https, port: 443}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: called}
spec:
  host: called
  trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: ${file}, privateKey: ${file}, caCertificates: ${file}}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: MUTUAL, serverCertificate: ${file}, privateKey: ${file}, caCertificates: ${file}}
`;
  const { overTls, token, log, controlPlane } = await start(mesh);
  const caller = openAds({ ...overTls, token: await token(), serviceAccount: "payments" });
  const { bodies: clusters } = await caller.ask(TYPE_URL.cluster);
  const options = { ...GATEWAY, token: await token(), serviceAccount: "payments" };
  const gateway = openAds({ ...overTls, ...options });
  const { bodies: listeners } = await gateway.ask(TYPE_URL.listener);
  const named = [`file-cert:${file}~${file}`, `file-root:${file}`];
  const other = join(directory, "other.pem");
  const asked = [...named, file, `kubernetes://${file}`, `file-root:${other}`];
  const { names, bodies: secrets } = await gateway.ask(TYPE_URL.secret, asked);
  expect(names).toEqual(named);
  const bodies = [...clusters, ...listeners, ...secrets];
  const told = bodies.map((body) => Buffer.from(body).toString("latin1"));
  expect(told.filter((text) => text.includes(file))).toHaveLength(4);
  const said = [...told, ...log, JSON.stringify(controlPlane.diagnostics())].join("");
  expect(said).not.toContain(marker);
});

const service = (name: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80}]}
---`;

test.each([
  ["the name", { name: "orders-0", labels: { app: "other" } }],
  ["the address", { name: "a-0", labels: { app: "other" } }],
])(
  "a sidecar that claims %s of another service account's pod does not hide it",
  async (_what, claim) => {
    const { overTls, token } = await start(service("orders") + service("other"));
    const join = async (serviceAccount: string, node: object): Promise<AdsClient> => {
      const shown = { token: await token(`default/${serviceAccount}`), serviceAccount };
      const client = openAds({ ...overTls, ...shown, ...node });
      await client.ask(TYPE_URL.cluster);
      return client;
    };
    /** Whether a service has the address at which all say that they are. */
    const hasEndpoint = async (name: string): Promise<boolean> => {
      const cluster = `outbound|80||${name}.default.svc.cluster.local`;
      const { bodies } = await (await join("caller", {})).ask(TYPE_URL.endpoint, [cluster]);
      return bodies.some((body) => Buffer.from(body).includes("127.0.0.1"));
    };
    await join("orders", { name: "orders-0", labels: { app: "orders" } });
    await expect.poll(() => hasEndpoint("orders"), { timeout: 30_000 }).toBe(true);
    await join("payments", claim);
    await expect.poll(() => hasEndpoint("other"), { timeout: 30_000 }).toBe(true);
    expect(await hasEndpoint("orders")).toBe(true);
  },
  60_000,
);

test("who says on the plaintext port that he is a workload becomes no endpoint", async () => {
  const { overTls, token, controlPlane } = await start(service("orders") + service("other"));
  const { plaintextPort: port } = controlPlane;
  const stranger = openAds({ port, name: "orders-0", labels: { app: "orders" } });
  await stranger.ask(TYPE_URL.cluster);
  const proved = { token: await token(), serviceAccount: "payments" };
  const client = openAds({ ...overTls, ...proved, name: "other-0", labels: { app: "other" } });
  await client.ask(TYPE_URL.cluster);
  const endpoints = async (name: string): Promise<boolean> => {
    const cluster = `outbound|80||${name}.default.svc.cluster.local`;
    const { bodies } = await openAds({ port }).ask(TYPE_URL.endpoint, [cluster]);
    return bodies.some((body) => Buffer.from(body).includes("127.0.0.1"));
  };
  await expect.poll(() => endpoints("other"), { timeout: 30_000 }).toBe(true);
  expect(await endpoints("orders")).toBe(false);
}, 60_000);
