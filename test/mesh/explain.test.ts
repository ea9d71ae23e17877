/** What `explain` says of requests is what real Envoys do with them. */
import { expect, test } from "vitest";
import type { Explanation } from "../../src/console/explain/explanation.js";
import { explanationOf } from "./harness/explanations.js";
import { application, documents, HTTP_GATEWAY, namespace } from "./harness/manifests.js";
import { randomNumbers } from "./harness/random-numbers.js";
import { type Answer, call, callAddress, echoOf } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const ROUTES = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - match: [{ headers: { x-role: { exact: admin } } }, { queryParams: { role: { exact: admin } } }]
      route: [{ destination: { host: shop, subset: v2 } }]
    - match: [{ uri: { prefix: /old } }]
      redirect: { uri: /new, redirectCode: 302 }
    - match: [{ uri: { exact: /teapot } }]
      directResponse: { status: 418 }
    - match: [{ uri: { prefix: /broken } }]
      fault: { abort: { httpStatus: 555, percentage: { value: 100 } } }
      route: [{ destination: { host: shop, subset: v1 } }]
    - match: [{ uri: { prefix: /nobody } }]
      route: [{ destination: { host: shop, subset: v3 } }]
    - match: [{ uri: { prefix: /public/ } }]
      rewrite: { uri: /private/ }
      route: [{ destination: { host: shop, subset: v1 } }]
    - match: [{ method: { regex: "P(OS|U)T" } }]
      timeout: 3s
      route: [{ destination: { host: shop, subset: v2 }, weight: 50 }, { destination: { host: shop, subset: v1 }, weight: 50 }]
    - match: [{ uri: { prefix: / }, sourceLabels: { app: caller } }]
      route: [{ destination: { host: shop, subset: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: [shop.example.com]
  gateways: [istio-system/edge]
  http:
    - match: [{ uri: { prefix: /api } }]
      route: [{ destination: { host: shop, port: { number: 80 } } }]
    - match: [{ uri: { prefix: /legacy } }]
      route: [{ destination: { host: legacy.plain.svc.cluster.local } }]
`;

/** A service of bytes without pods. */
const SERVICE_OF_NOBODY = `
apiVersion: v1
kind: Service
metadata: { name: nobody }
spec:
  selector: { app: nobody }
  ports: [{ name: tcp, port: 9103 }]
`;

const POLICIES = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: secret }
spec:
  selector: { matchLabels: { app: secret } }
  rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/other] } }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-deletes }
spec:
  selector: { matchLabels: { app: shop } }
  action: DENY
  rules:
    - to: [{ operation: { methods: [DELETE] } }]
    - to: [{ operation: { paths: [/private/secret] } }]
    - when: [{ key: "request.headers[x-evil]", values: ["*"] }]
    - from: [{ source: { remoteIpBlocks: [10.9.0.0/16] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: callers }
spec:
  selector: { matchLabels: { app: shop, version: v2 } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/caller] } }]
    - to: [{ operation: { methods: [PUT] } }]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: open }
spec:
  selector: { matchLabels: { app: open } }
  mtls: { mode: DISABLE }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: stubborn }
spec: { host: stubborn, trafficPolicy: { tls: { mode: DISABLE } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: clear }
spec: { host: clear, trafficPolicy: { tls: { mode: DISABLE } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: encrypted, namespace: plain }
spec: { host: encrypted, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: open }
spec: { host: open, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: legacy, namespace: plain }
spec: { host: legacy }
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: access-logs, namespace: istio-system }
spec: { accessLogging: [{ providers: [{ name: envoy }] }] }
`;

const mesh = shareMesh({
  "apps.yaml": documents(
    application("shop", { versions: ["v1", "v2"] }),
    application("caller"),
    application("other"),
    application("stubborn"),
    application("open"),
    namespace("plain", "disabled"),
    application("legacy", { namespace: "plain" }),
    application("bytes", { portName: "tcp", port: 9101 }),
    application("secret", { portName: "tcp", port: 9102 }),
    application("encrypted", { namespace: "plain", portName: "tcp", port: 9104 }),
    application("clear", { portName: "tcp", port: 9105 }),
    SERVICE_OF_NOBODY,
  ),
  "edge.yaml": HTTP_GATEWAY,
  "routes.yaml": ROUTES,
  "policies.yaml": POLICIES,
});

/** A request that may be made, and by whom. */
interface Case {
  readonly from: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const FORWARDED = { "x-forwarded-for": "10.9.8.7" };
const FROM_AFAR: Case = {
  from: "caller-0",
  method: "GET",
  url: "http://shop/public/x?n=99",
  headers: FORWARDED,
};
const SEED = 20_261_126;
const CASES = 99;

function casesOf(seed: number, count: number): readonly Case[] {
  const numbers = randomNumbers(seed);
  const one = <T>(list: readonly T[]): T => {
    const chosen = list[Math.floor(numbers.next().value * list.length)];
    if (chosen === undefined) throw new Error("nothing to choose from");
    return chosen;
  };
  return Array.from({ length: count }, (_, i) => {
    const from = one(["caller-0", "other-0", "gateway"]);
    const inside = ["shop", "shop", "shop.default", "stubborn", "open", "legacy.plain"];
    const host = from === "gateway" ? one(["shop.example.com", "other.example.com"]) : one(inside);
    const paths = ["/", "/old/a", "/teapot", "/broken", "/nobody", "/public/secret", "/public/x"];
    const secrets = ["/private/secret", "/public/%73ecret", "/public/x/%2e%2e/secret"];
    const path = one([...paths, ...secrets, "/api/x", "/legacy", "/?role=admin"]);
    return {
      from,
      method: one(["GET", "GET", "POST", "PUT", "DELETE"]),
      url: `http://${host}${path}${path.includes("?") ? "&" : "?"}n=${i}`,
      headers: one<Case["headers"]>([{}, {}, { "x-role": "admin" }, { "x-evil": "1" }, FORWARDED]),
    };
  });
}

/** What was told of a request, and what became of it. */
interface Seen {
  readonly status: number;
  /** The pod that answered. */
  readonly by: string | undefined;
  readonly results: Explanation["results"];
}

function explained({ from, method, url, headers }: Case): Promise<Explanation> {
  const { name, namespace: own } = from === "gateway" ? mesh().gateway() : mesh().pod(from);
  return explanationOf(
    mesh(),
    ...[from === "gateway" ? "--gateway" : "--from", `${name}.${own}`, method, url],
    ...Object.entries(headers).flatMap(([key, value]) => ["-H", `${key}: ${value}`]),
  );
}

function answered({ from, method, url, headers }: Case): Promise<Answer> {
  if (from !== "gateway") return call(mesh().pod(from), url, { method, headers });
  const at = { address: mesh().gateway().addresses.pod, port: 8080 };
  return callAddress(at, url, { method, headers });
}

/** The response flags that the proxy wrote by which a request went out, or came in at the gateway. */
async function loggedFlags({ from, url }: Case): Promise<string> {
  const { name, namespace: own } = from === "gateway" ? mesh().gateway() : mesh().pod(from);
  const number = new URL(url).searchParams.get("n") ?? "";
  const line = new RegExp(`"[A-Z]+ \\S+[?&]n=${number} HTTP/1.1" \\d+ (\\S+) `);
  const found = async (): Promise<string | undefined> =>
    line.exec(await mesh().log(`${name}.${own}`))?.[1];
  await expect.poll(found, { interval: 10, timeout: 5000 }).toBeDefined();
  return (await found()) ?? "";
}

test("explain tells what Envoy does with a hundred requests", { timeout: 120_000 }, async () => {
  const seen: (Case & Seen)[] = [];
  for (const one of [...casesOf(SEED, CASES), FROM_AFAR]) {
    const { results } = await explained(one);
    const answer = await answered(one);
    const by = answer.status === 200 ? echoOf(answer).pod : undefined;
    seen.push({ ...one, status: answer.status, by, results });
  }
  const wrong: unknown[] = [];
  for (const one of seen) {
    const logged = await loggedFlags(one);
    const { results, status, by } = one;
    const told = results.filter((result) =>
      by === undefined
        ? result.status === status
        : result.answeredBy.some((name) => name.startsWith(`${by}.`)),
    );
    if (!told.some(({ flags }) => flags === logged)) wrong.push({ ...one, logged });
  }
  expect(wrong).toEqual([]);
});

test.each([
  { host: "bytes", port: 9101 },
  { host: "secret", port: 9102 },
  { host: "nobody", port: 9103 },
  { host: "encrypted.plain", port: 9104 },
  { host: "clear", port: 9105 },
])("explain tells what becomes of bytes for $host", async ({ host, port }) => {
  const at = { address: mesh().pod("caller-0").addresses.egress, port };
  const url = `tcp://${host}:${String(port)}`;
  const { results } = await explanationOf(mesh(), "--from", "caller-0.default", url);
  const by = await callAddress(at, `http://${host}/`).then(
    (answer) => `${echoOf(answer).pod}.default`,
    () => undefined,
  );
  const line = new RegExp(`"- - -" 0 (\\S+) .*outbound\\|${String(port)}\\|`);
  const logged = async (): Promise<string | undefined> =>
    line.exec(await mesh().log("caller-0"))?.[1];
  await expect.poll(logged, { interval: 10, timeout: 5000 }).toBeDefined();
  expect(results).toMatchObject([
    { answeredBy: by === undefined ? [] : [by], flags: await logged() },
  ]);
  expect(results[0]).not.toHaveProperty("status");
});

/** A host outside of the mesh, which is called by way of the gateway. */
const byGateway = (address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: out }
spec:
  hosts: [out.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  endpoints: [{ address: ${address} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: out }
spec:
  hosts: [out.example]
  gateways: [mesh, istio-system/edge]
  http:
    - match: [{ gateways: [mesh] }]
      route: [{ destination: { host: istio-ingressgateway.istio-system.svc.cluster.local } }]
    - match: [{ gateways: [istio-system/edge], uri: { prefix: /api } }]
      route: [{ destination: { host: out.example } }]
`;

test("explain follows a call through a gateway to who answers", async () => {
  const address = mesh().pod("legacy-0.plain").addresses.pod;
  await mesh().write("out.yaml", byGateway(address));
  const results = async (path: string) => {
    const url = `http://out.example${path}`;
    return (await explanationOf(mesh(), "--from", "caller-0.default", url)).results;
  };
  expect(echoOf(await call(mesh().pod("caller-0"), "http://out.example/api")).pod).toBe("legacy-0");
  expect(await results("/api")).toMatchObject([{ share: 1, answeredBy: ["legacy-0.plain"] }]);

  expect((await call(mesh().pod("caller-0"), "http://out.example/other")).status).toBe(404);
  expect(await results("/other")).toMatchObject([{ share: 1, answeredBy: [], status: 404 }]);
});

/** Hosts outside of the mesh that are called with TLS, by way of the gateway, which tells them apart by their names. */
const byName = (address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: named }
spec:
  hosts: [a.named.example, b.named.example]
  resolution: STATIC
  ports: [{ number: 443, name: tls, protocol: TLS, targetPort: 8080 }]
  endpoints: [{ address: ${address} }]
---
apiVersion: v1
kind: Service
metadata: { name: named-edge, namespace: istio-system }
spec: { selector: { istio: ingressgateway }, ports: [{ name: tls, port: 443, targetPort: 8443 }] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: named, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 8443, name: tls, protocol: TLS }
      hosts: [a.named.example]
      tls: { mode: PASSTHROUGH }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: named }
spec:
  hosts: [a.named.example, b.named.example]
  gateways: [mesh, istio-system/named]
  tls:
    - match: [{ gateways: [mesh], sniHosts: [a.named.example, b.named.example] }]
      route: [{ destination: { host: named-edge.istio-system.svc.cluster.local, port: { number: 443 } } }]
    - match: [{ gateways: [istio-system/named], sniHosts: [a.named.example] }]
      route: [{ destination: { host: a.named.example } }]
`;

test("explain knows by which name TLS is passed on at a gateway behind a tunnel", async () => {
  const address = mesh().pod("legacy-0.plain").addresses.pod;
  await mesh().write("named.yaml", byName(address));
  const results = async (host: string) =>
    (await explanationOf(mesh(), "--from", "caller-0.default", `https://${host}/`)).results;
  expect(await results("a.named.example")).toMatchObject([{ answeredBy: ["legacy-0.plain"] }]);
  expect(await results("b.named.example")).toMatchObject([
    { answeredBy: [], reason: "no chain is for its server name" },
  ]);
});
