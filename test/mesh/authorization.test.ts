/** AuthorizationPolicies: requests that must pass and requests that must not, each on a connection of its own. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type IssuedCertificate, openAuthority } from "../../src/ca/authority/authority.js";
import type { PlacedPod } from "../../src/up/pods/pod-plan.js";
import {
  type AuthorizationServer,
  startGrpcAuthorizer,
  startHttpAuthorizer,
} from "./harness/authorizers.js";
import { explanationOf } from "./harness/explanations.js";
import { application, documents, HTTP_GATEWAY, namespace } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import {
  type Answer,
  call,
  callAddress,
  callMutualTls,
  echoOf,
  type Question,
} from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(35);
const HTTP_PORT = 9001;
const GRPC_PORT = 9002;
const DOWN_PORT = 9003;

const PROVIDERS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    trustDomainAliases: [old.example]
    extensionProviders:
    - name: by-http
      envoyExtAuthzHttp:
        service: authorizers.example.com
        port: ${String(HTTP_PORT)}
        pathPrefix: /check
        includeRequestHeadersInCheck: [x-user]
        includeAdditionalHeadersInCheck: { x-asked-by: mesh }
        headersToUpstreamOnAllow: [x-decided]
        headersToDownstreamOnDeny: [x-reason]
        headersToDownstreamOnAllow: ["x-to*"]
        includeRequestBodyInCheck: { maxRequestBytes: 100, allowPartialMessage: true }
    - name: by-grpc
      envoyExtAuthzGrpc: { service: authorizers.example.com, port: ${String(GRPC_PORT)} }
    - name: by-http-in-time
      envoyExtAuthzHttp:
        service: authorizers.example.com
        port: ${String(HTTP_PORT)}
        pathPrefix: /ignored
        timeout: 0.2s
        statusOnError: "504"
    - name: down
      envoyExtAuthzHttp:
        { service: authorizers.example.com, port: ${String(DOWN_PORT)}, statusOnError: "503" }
    - name: down-and-open
      envoyExtAuthzHttp:
        { service: authorizers.example.com, port: ${String(DOWN_PORT)}, failOpen: true }
    - name: nowhere
      envoyExtAuthzGrpc: { service: nobody.example.com, port: 9000, failOpen: true }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: authorizers }
spec:
  hosts: [authorizers.example.com]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports:
  - { number: ${String(HTTP_PORT)}, name: http, protocol: HTTP }
  - { number: ${String(GRPC_PORT)}, name: grpc, protocol: GRPC }
  - { number: ${String(DOWN_PORT)}, name: http-down, protocol: HTTP }
  endpoints: [{ address: ${OUTSIDE} }]
`;

const OUTSIDE_ROUTES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: from-outside }
spec:
  hosts: ["*"]
  gateways: [istio-system/edge, istio-system/fronted]
  http: [{ route: [{ destination: { host: called } }] }]
`;

/** A gateway behind a load balancer that says by the PROXY protocol who calls, and one proxy in front of that. */
const FRONTED = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: fronted, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: fronted } }
  template:
    metadata:
      labels: { istio: fronted }
      annotations:
        proxy.istio.io/config: "gatewayTopology: { numTrustedProxies: 1, proxyProtocol: {} }"
    spec: { containers: [{ name: istio-proxy, image: auto }] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: fronted, namespace: istio-system }
spec:
  selector: { istio: fronted }
  servers: [{ port: { number: 8080, name: http, protocol: HTTP }, hosts: ["*"] }]
`;

const mesh = shareMesh({
  "apps.yaml": documents(
    namespace("default", "enabled"),
    application("alice"),
    application("called"),
    application("bytes", { portName: "tcp", port: 81 }),
  ),
  "providers.yaml": PROVIDERS,
  "gateway.yaml": documents(HTTP_GATEWAY, FRONTED, OUTSIDE_ROUTES),
});

const edgePod = (): PlacedPod => mesh().pod("istio-ingressgateway-0.istio-system");

const authorizers: AuthorizationServer[] = [];

beforeAll(async () => {
  authorizers.push(
    await startHttpAuthorizer({ address: OUTSIDE, port: HTTP_PORT }),
    await startGrpcAuthorizer({ address: OUTSIDE, port: GRPC_PORT }),
  );
});

afterAll(async () => {
  for (const server of authorizers) await server.close();
});

type Action = "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";

/** A policy in YAML, for the called workload unless it says otherwise. */
function policy(
  action: Action,
  rules: string,
  more = "selector: { matchLabels: { app: called } }",
) {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${action.toLowerCase()} }
spec:
  action: ${action}
  ${more}
  rules: ${rules}
`;
}

/** Puts policies into force for the test. */
async function inForce(...policies: readonly string[]): Promise<void> {
  await mesh().writeForTest("policies.yaml", documents(...policies));
}

/** The certificate of a workload, by the mesh's own authority. */
async function certificateOf(serviceAccount: string, ns = "default"): Promise<IssuedCertificate> {
  const authority = await openAuthority({ stateDirectory: mesh().state, now: Date.now });
  return authority.issueWorkload({
    trustDomain: "cluster.local",
    namespace: ns,
    serviceAccount,
  });
}

const inbound = (pod = "called-0") => ({ address: mesh().pod(pod).addresses.pod, port: 8080 });

/** Straight to the sidecar of the called workload as another workload; in plaintext as nobody. */
async function callAs(
  caller: string | undefined,
  path: string,
  question: Question & { readonly pod?: string; readonly host?: string } = {},
): Promise<number> {
  const { pod = "called-0", host = "called", ...asked } = question;
  const url = `http://${host}${path}`;
  if (caller === undefined) return (await callAddress(inbound(pod), url, asked)).status;
  const [name = "", ns = "default"] = caller.split(".");
  const certificate = await certificateOf(name, ns);
  return (await callMutualTls(inbound(pod), url, { certificate, ...asked })).status;
}

/** Whether the bytes of a connection get through. */
async function bytesPass(caller: string): Promise<boolean> {
  const status = await callAs(caller, "/", { pod: "bytes-0", host: "bytes" }).catch(() => 0);
  return status === 200;
}

test("allows by identity, namespace, service account and method, and denies the rest", async () => {
  await inForce(
    policy(
      "ALLOW",
      `
  - from: [{ source: { principals: [cluster.local/ns/default/sa/alice] } }]
    to: [{ operation: { methods: [GET] } }]
  - from: [{ source: { namespaces: [shop], notPrincipals: ["*/sa/mallory"] } }]
  - from: [{ source: { serviceAccounts: [dave] } }]`,
    ),
  );
  expect(await callAs("alice", "/")).toBe(200);
  expect(await callAs("alice", "/", { method: "POST" })).toBe(403);
  expect(await callAs("carol.shop", "/")).toBe(200);
  expect(await callAs("mallory.shop", "/")).toBe(403);
  expect(await callAs("dave", "/")).toBe(200);
  expect(await callAs("dave.shopping", "/")).toBe(403);
  expect(await callAs("bob", "/")).toBe(403);
  expect(await callAs(undefined, "/")).toBe(403);
});

test("takes effect for calls through sidecars", async () => {
  const url = "http://called/";
  const alice = mesh().pod("alice-0");
  expect((await call(alice, url)).status).toBe(200);
  await inForce(policy("DENY", '[{ from: [{ source: { principals: ["*/sa/alice"] } }] }]'));
  await expect.poll(async () => (await call(alice, url)).status).toBe(403);
});

test("denies before it allows, and denies everything by a policy without rules", async () => {
  await inForce(
    policy("ALLOW", "[{}]"),
    policy("DENY", '[{ to: [{ operation: { paths: [/admin, "/admin/*"] } }] }]'),
  );
  expect(await callAs("alice", "/")).toBe(200);
  expect(await callAs("alice", "/admin")).toBe(403);
  expect(await callAs("alice", "/admin/users?x=1")).toBe(403);
  expect(await callAs("alice", "/administration")).toBe(200);
  await inForce(policy("ALLOW", "[]"));
  expect(await callAs("alice", "/")).toBe(403);
});

test("only notes what a policy in a dry run, or for an audit, is for", async () => {
  await inForce(
    policy("DENY", "[{}]").replace(
      "name: deny",
      'name: deny, annotations: { istio.io/dry-run: "true" }',
    ),
    policy("AUDIT", "[{}]"),
  );
  expect(await callAs("alice", "/")).toBe(200);
});

test("matches hosts, headers and path templates", async () => {
  await inForce(
    policy(
      "ALLOW",
      `
  - to: [{ operation: { hosts: ["*.shop.example"], paths: ["/carts/{*}/items", "/files/{**}"] } }]
    when: [{ key: "request.headers[x-role]", values: [editor, "admin-*"], notValues: [admin-x] }]`,
    ),
  );
  const asked = (path: string, role: string, host = "EU.Shop.example") =>
    callAs("alice", path, { host, headers: { "x-role": role } });
  expect(await asked("/carts/7/items", "editor")).toBe(200);
  expect(await asked("/files/a/b/c", "admin-1")).toBe(200);
  expect(await asked("/carts/7/8/items", "editor")).toBe(403);
  expect(await asked("/carts/7/items", "admin-x")).toBe(403);
  expect(await asked("/carts/7/items", "reader")).toBe(403);
  expect(await asked("/carts/7/items", "editor", "shop.example.evil")).toBe(403);
});

/** The ways to write the path of a policy, and who sees through them: the options in order, each with all from there on. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  NONE: ["/admin", "/admin?x=/public", "/admin#/public"],
  BASE: ["/./admin", "/x/../admin", "/%61dmin", "/x/%2e%2e/admin"],
  MERGE_SLASHES: ["//admin", "/x/..//admin"],
  DECODE_AND_MERGE_SLASHES: ["/public%2f..%2fadmin", "/public%5c..%5cadmin", "/%2Fadmin"],
  nobody: ["/Admin", "/public"],
};

test("is not got round by ways to write a path, as far as each normalization goes", async () => {
  await inForce(policy("DENY", '[{ to: [{ operation: { paths: ["/admin*"] } }] }]'));
  onTestFinished(async () => {
    await mesh().write("providers.yaml", PROVIDERS);
  });
  const groups = Object.entries(SPELLINGS);
  for (const option of ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]) {
    const line = `mesh: |\n    pathNormalization: { normalization: ${option} }`;
    await mesh().edit("providers.yaml", () => PROVIDERS.replace("mesh: |", line));
    const statuses: Record<string, number> = {};
    for (const path of groups.flatMap(([, paths]) => paths)) {
      statuses[path] = await callAs("alice", "/", { path });
    }
    const known = groups.findIndex(([name]) => name === option);
    const expected = groups.flatMap(([, paths], i) =>
      paths.map((path) => [path, i <= known ? 403 : 200] as const),
    );
    expect(statuses).toEqual(Object.fromEntries(expected));
    expect([400, 403]).toContain(await callAs("alice", "/", { path: "\\admin" }));
  }
});

test("decides on connections of TCP by identity and port, and on nothing that only HTTP has", async () => {
  const target = "selector: { matchLabels: { app: bytes } }";
  const port = '{ operation: { ports: ["8080"] } }';
  const get = "{ operation: { methods: [GET] } }";
  const alice = '{ source: { principals: ["*/sa/alice"] } }';
  expect(await bytesPass("bob")).toBe(true);
  await inForce(policy("ALLOW", `[{ from: [${alice}], to: [${port}] }]`, target));
  expect([await bytesPass("alice"), await bytesPass("bob")]).toEqual([true, false]);
  await inForce(policy("ALLOW", `[{ from: [${alice}], to: [${get}] }]`, target));
  expect(await bytesPass("alice")).toBe(false);
  await inForce(policy("DENY", `[{ from: [${alice}], to: [${get}] }]`, target));
  expect([await bytesPass("alice"), await bytesPass("bob")]).toEqual([false, true]);
});

test("has the policies of the root namespace for all, and an alias of the trust domain for the mesh's own", async () => {
  await inForce(
    policy(
      "ALLOW",
      "[{ from: [{ source: { principals: [old.example/ns/default/sa/alice] } }] }]",
      "",
    ).replace("name: allow", "name: allow, namespace: istio-system"),
  );
  expect(await callAs("alice", "/")).toBe(200);
  expect(await callAs("bob", "/")).toBe(403);
  expect(await bytesPass("bob")).toBe(false);
});

/** The status with which a call from outside ends by what `explain` says. */
async function explainedStatus(
  ...[fromIp, forwardedFor]: readonly [string, string?]
): Promise<number> {
  const headers = forwardedFor === undefined ? [] : ["-H", `x-forwarded-for: ${forwardedFor}`];
  const { name, namespace: own } = edgePod();
  const url = "http://anything.example:8080/";
  const asked = ["--gateway", `${name}.${own}`, "--from-ip", fromIp, url, ...headers];
  const { results } = await explanationOf(mesh(), ...asked);
  return results[0]?.status ?? 200;
}

test("tells callers from outside apart by their addresses, at the gateway and behind it", async () => {
  const gateway = { address: edgePod().addresses.pod, port: 8080 };
  const from = async (localAddress: string): Promise<Answer> =>
    callAddress(gateway, "http://anything.example/", { localAddress });
  const blocks = `[{ from: [{ source: { remoteIpBlocks: [${OUTSIDE}] } }] }]`;
  await inForce(
    policy("DENY", blocks, "selector: { matchLabels: { istio: ingressgateway } }").replace(
      "name: deny",
      "name: deny, namespace: istio-system",
    ),
  );
  expect((await from(OUTSIDE)).status).toBe(403);
  expect((await from("127.0.0.1")).status).toBe(200);
  expect([await explainedStatus(OUTSIDE), await explainedStatus("127.0.0.1")]).toEqual([403, 200]);
  await inForce(policy("DENY", blocks));
  // The gateway's connections to the workload are those of before, until their answers close them.
  await expect.poll(async () => (await from(OUTSIDE)).status).toBe(403);
  expect((await from("127.0.0.1")).status).toBe(200);
  expect([await explainedStatus(OUTSIDE), await explainedStatus("127.0.0.1")]).toEqual([403, 200]);
});

test("believes what as many proxies in front of a gateway as are trusted say of a caller's address", async () => {
  const gateway = { address: edgePod().addresses.pod, port: 8080 };
  const from = async (forwardedFor: string): Promise<number> => {
    const headers = { "x-forwarded-for": forwardedFor };
    return (await callAddress(gateway, "http://anything.example/", { headers })).status;
  };
  const guest = "203.0.113.9";
  const blocks = `[{ from: [{ source: { remoteIpBlocks: [${guest}] } }] }]`;
  await inForce(
    policy("DENY", blocks, "selector: { matchLabels: { istio: ingressgateway } }").replace(
      "name: deny",
      "name: deny, namespace: istio-system",
    ),
  );
  expect(await from(guest)).toBe(200);
  expect(await explainedStatus("127.0.0.1", guest)).toBe(200);
  onTestFinished(async () => {
    await mesh().write("providers.yaml", PROVIDERS);
  });
  await mesh().write(
    "providers.yaml",
    PROVIDERS.replace(
      "mesh: |",
      "mesh: |\n    defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } }",
    ),
  );
  await expect.poll(() => from(guest)).toBe(403);
  // The trusted one wrote the last address; those before are what its client said.
  expect(await from(`${guest}, 198.51.100.7`)).toBe(200);
  expect(await from(`198.51.100.7, ${guest}`)).toBe(403);
  expect(await explainedStatus("127.0.0.1", `${guest}, 198.51.100.7`)).toBe(200);
  expect(await explainedStatus("127.0.0.1", `198.51.100.7, ${guest}`)).toBe(403);
});

test("believes what stands in front of one gateway alone where the annotation of its pods says so", async () => {
  const told = async (gateway: PlacedPod, question: Question = {}): Promise<object> => {
    const answer = await callAddress(
      { address: gateway.addresses.pod, port: 8080 },
      "http://anything.example/",
      { headers: { "x-forwarded-for": "198.51.100.7" }, localAddress: "127.0.0.1", ...question },
    );
    const { "x-forwarded-for": by, "x-envoy-external-address": caller } = echoOf(answer).headers;
    return { by, caller };
  };
  const fronted = mesh().pod("fronted-0.istio-system");
  expect(await told(edgePod())).toMatchObject({ caller: "127.0.0.1" });
  const preamble = "PROXY TCP4 203.0.113.9 192.0.2.1 40000 80\r\n";
  // The balancer names the proxy in front of it, and that one, which is trusted, the caller.
  expect(await told(fronted, { preamble })).toEqual({
    by: "198.51.100.7,203.0.113.9",
    caller: "198.51.100.7",
  });
  await expect(told(fronted)).rejects.toThrow();
});

const custom = (provider: string, rules = '[{ to: [{ operation: { paths: ["/asked*"] } }] }]') =>
  policy(
    "CUSTOM",
    rules,
    `selector: { matchLabels: { app: called } }\n  provider: { name: ${provider} }`,
  ).replace("name: custom", `name: ${provider}`);

test("asks an authorizer by HTTP what its rules are for", async () => {
  await inForce(custom("by-http"));
  const asked = (user: string, path = "/asked?x=1") =>
    callAs("alice", path, { headers: { "x-user": user }, method: "POST", body: "hello" });
  expect(await asked("friend")).toBe(200);
  expect(await asked("stranger")).toBe(401);
  expect(await asked("stranger", "/not-asked")).toBe(200);
  expect(authorizers[0]?.requests.at(-1)).toMatchObject({
    path: "/check/asked?x=1",
    headers: { "x-user": "stranger", "x-asked-by": "mesh" },
    body: "hello",
  });
});

test.each(["by-http", "by-grpc"])(
  "hands on what an authorizer %s says, to the application or the client",
  async (provider) => {
    await inForce(custom(provider));
    const certificate = await certificateOf("alice");
    const ask = (user: string): Promise<Answer> =>
      callMutualTls(inbound(), "http://called/asked", {
        certificate,
        headers: { "x-user": user, "x-decided": "by the client" },
      });
    const denied = await ask("stranger");
    expect(denied).toMatchObject({ status: 401, body: "strangers stay out" });
    expect(denied.headers).toMatchObject({ "x-reason": "stranger" });
    expect(denied.headers).not.toHaveProperty("x-told");
    const allowed = await ask("friend");
    expect(allowed).toMatchObject({ status: 200, headers: { "x-told": "yes" } });
    expect(echoOf(allowed).headers["x-decided"]).toBe("yes");
  },
);

test("denies what the rules of several authorizers are for, without asking any", async () => {
  const forPath = (path: string) => `[{ to: [{ operation: { paths: [${path}] } }] }]`;
  await inForce(custom("by-grpc", forPath("/grpc")), custom("by-http", forPath("/http")));
  const [http] = authorizers;
  const before = http?.requests.length;
  const statusOf = (path: string) => callAs("alice", path, { headers: { "x-user": "friend" } });
  expect(await statusOf("/grpc")).toBe(403);
  expect(await statusOf("/http")).toBe(403);
  expect(await statusOf("/other")).toBe(200);
  expect(http?.requests.length).toBe(before);
});

test("waits for an authorizer as long as the provider says", async () => {
  await inForce(custom("by-http-in-time"));
  expect(await callAs("alice", "/asked", { headers: { "x-user": "friend" } })).toBe(504);
});

test("explain says that an authorizer decides, and does not do so in its place", async () => {
  const asks = async (path: string): Promise<readonly (string | undefined)[]> => {
    const { results } = await explanationOf(mesh(), "--from", "alice-0", `http://called${path}`);
    expect(results).toMatchObject([{ answeredBy: ["called-0.default"] }]);
    return results.map(({ condition }) => condition);
  };
  await inForce(custom("by-http"));
  const [condition] = await asks("/asked");
  expect(condition).toMatch(/ allows it$/);
  expect(await asks("/not-asked")).toEqual([undefined]);
  await inForce(custom("down-and-open"));
  expect((await asks("/asked"))[0]).toMatch(/ allows it, or does not answer$/);
  await inForce(custom("undefined"));
  const { results } = await explanationOf(mesh(), "--from", "alice-0", "http://called/asked");
  expect(results).toMatchObject([{ answeredBy: [], status: 403 }]);
});

test("asks an authorizer by gRPC, also about connections", async () => {
  await inForce(custom("by-grpc"));
  expect(await callAs("alice", "/asked", { headers: { "x-user": "friend" } })).toBe(200);
  expect(await callAs("alice", "/asked", { headers: { "x-user": "stranger" } })).toBe(401);
  await inForce(
    policy(
      "CUSTOM",
      '[{ to: [{ operation: { ports: ["8080"] } }] }]',
      "selector: { matchLabels: { app: bytes } }\n  provider: { name: by-grpc }",
    ),
  );
  expect(await bytesPass("alice")).toBe(false);
});

test("denies what nobody can be asked about, unless the provider says to let it pass", async () => {
  await inForce(custom("down"));
  expect(await callAs("alice", "/asked")).toBe(503);
  expect(await callAs("alice", "/not-asked")).toBe(200);
  await inForce(custom("down-and-open"));
  expect(await callAs("alice", "/asked")).toBe(200);
  for (const provider of ["nowhere", "undefined"]) {
    await inForce(custom(provider));
    expect(await callAs("alice", "/asked")).toBe(403);
    expect(await callAs("alice", "/not-asked")).toBe(200);
  }
});

test("denies everything by a policy with errors that never was without", async () => {
  await inForce(policy("ALLOW", '[{ to: [{ operation: { ports: ["none"] } }] }]'));
  expect(await callAs("alice", "/")).toBe(403);
  expect(await bytesPass("alice")).toBe(true);
  const { diagnostics } = mesh().controlPlane.snapshot();
  const own = diagnostics.filter(
    ({ resource }) => resource === "AuthorizationPolicy allow.default",
  );
  expect(own).toMatchObject([
    { severity: "warning", code: "fails-closed", position: { line: 3 } },
    { severity: "error", position: { line: 8 } },
  ]);
});
