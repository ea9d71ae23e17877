/** What VirtualServices, DestinationRules and EnvoyFilters do to requests, one test a family, in one mesh. */
import { once } from "node:events";
import { createServer } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { admin, stats } from "./harness/admin.js";
import { openCertificates } from "./harness/certificates.js";
import { application, documents, meshConfiguration } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import {
  type Answer,
  call,
  callAddress,
  callThroughTunnel,
  callTls,
  echoOf,
  keepAliveAgent,
  type Question,
} from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const ROUTES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - match: [{ uri: { prefix: /old/ } }]
      rewrite: { uri: /new/, authority: renamed.example.com }
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /pattern/ } }]
      rewrite: { uriRegexRewrite: { match: "/pattern/([^/]+)/(.*)", rewrite: '/\\2/of/\\1' } }
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /moved } }]
      redirect: { uri: /here, authority: elsewhere.example.com, redirectCode: 308 }
    - match: [{ uri: { prefix: /mirrored } }]
      mirrors: [{ destination: { host: mirror } }]
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /aborted } }]
      fault: { abort: { httpStatus: 418, percentage: { value: 30 } } }
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /delayed } }]
      fault: { delay: { fixedDelay: 0.3s, percentage: { value: 100 } } }
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /browser } }]
      corsPolicy:
        allowOrigins: [{ exact: https://shop.example.com }]
        allowMethods: [PUT]
        maxAge: 60s
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /kept-browser } }]
      corsPolicy:
        allowOrigins: [{ exact: https://shop.example.com }]
        unmatchedPreflights: IGNORE
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /slow } }]
      timeout: 5s
      retries: { attempts: 2, perTryTimeout: 0.2s, retryOn: "5xx,reset" }
      route: [{ destination: { host: shop } }]
    - match: [{ uri: { prefix: /headers } }]
      headers:
        request: { set: { x-set: by-route }, add: { x-added: more }, remove: [x-removed] }
        response: { set: { x-answer: by-route } }
      route: [{ destination: { host: shop } }]
    - route: [{ destination: { host: shop } }]
`;

/** Another name of the shop, and one market of whose stalls only one is known, at another port. */
const OTHER_NAMES = `
apiVersion: v1
kind: Service
metadata: { name: boutique }
spec: { type: ExternalName, externalName: shop.default.svc.cluster.local }
---
apiVersion: v1
kind: Service
metadata: { name: keeper }
spec: { type: ExternalName, externalName: kept.default.svc.cluster.local }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: stall }
spec:
  hosts: [stall.market.example]
  ports: [{ number: 8085, name: http, protocol: HTTP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: market }
spec:
  hosts: ["*.market.example"]
  http: [{ route: [{ destination: { host: boutique, port: { number: 80 } } }] }]
`;

const HASHED = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hashed }
spec:
  host: hashed
  trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-key } } }
`;

const KEPT_PORT = 9300;

/** Two ways to the pods that requests are hashed onto: one keeps clients with theirs, one does not. */
const KEPT = `
apiVersion: v1
kind: Service
metadata: { name: kept }
spec:
  sessionAffinity: ClientIP
  selector: { app: hashed }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: ${String(KEPT_PORT)}, targetPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: spread }
spec:
  selector: { app: hashed }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: ${String(KEPT_PORT + 1)}, targetPort: 8080 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: kept-from-outside }
spec:
  hosts: [kept.example.com]
  gateways: [istio-system/egress]
  http: [{ route: [{ destination: { host: kept, port: { number: 80 } } }] }]
`;

const certificates = await openCertificates();
const PARTNERS = await certificates.certificateFor(["partners.example.com"]);

/** The lines of a text as a block of YAML. */
const block = (text: string): string => `|\n    ${text.trimEnd().replaceAll("\n", "\n    ")}`;

/** A gateway for clients with certificates and for mutual TLS that is none of its business, and one for calls to outside. */
const GATEWAYS = `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: https, port: 443, targetPort: 8443 }, { name: tls, port: 15443 }]
---
apiVersion: v1
kind: Service
metadata: { name: istio-egressgateway, namespace: istio-system }
spec:
  selector: { istio: egressgateway }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ingress, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [partners.example.com]
      tls: { mode: MUTUAL, credentialName: partners }
    - port: { number: 15443, name: tls, protocol: TLS }
      hosts: ["*.local"]
      tls: { mode: AUTO_PASSTHROUGH }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: egress, namespace: istio-system }
spec:
  selector: { istio: egressgateway }
  servers:
    - port: { number: 80, name: http, protocol: HTTP }
      hosts: [outside.example.com, kept.example.com]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: partners }
spec:
  hosts: [partners.example.com]
  gateways: [istio-system/ingress]
  http: [{ route: [{ destination: { host: shop } }] }]
---
apiVersion: v1
kind: Secret
metadata: { name: partners, namespace: istio-system }
stringData:
  tls.crt: ${block(PARTNERS.certificate)}
  tls.key: ${block(PARTNERS.key)}
  ca.crt: ${block(PARTNERS.root)}
`;

const mesh = shareMesh(
  {
    "gateways.yaml": GATEWAYS,
    "apps.yaml": documents(
      application("caller"),
      application("shop"),
      application("mirror"),
      application("hashed", { replicas: 3 }),
      application("called", { replicas: 2, portName: "grpc" }),
    ),
    "routes.yaml": documents(ROUTES, OTHER_NAMES, HASHED, KEPT),
    "network.yaml": `
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: { name: caller }
spec:
  selector: { matchLabels: { app: caller } }
  environmentVariables: { ISTIO_META_NETWORK: here }
`,
  },
  { standIns: false },
);

const ask = (url: string, question: Question = {}): Promise<Answer> =>
  call(mesh().pod("caller-0"), url, question);

test("a rewritten request has another path and host", async () => {
  expect(echoOf(await ask("http://shop/old/a"))).toMatchObject({
    path: "/new/a",
    authority: "renamed.example.com",
  });
  expect(echoOf(await ask("http://shop/pattern/a/b")).path).toBe("/b/of/a");
});

test("a redirected client is told where to go", async () => {
  const { status, headers } = await ask("http://shop/moved/away");
  expect([status, headers.location]).toEqual([308, "http://elsewhere.example.com/here"]);
});

test("requests by another name of a service are routed as those for it, and sent to it", async () => {
  expect((await ask("http://boutique/moved/away")).status).toBe(308);
  expect(echoOf(await ask("http://boutique/old/a")).path).toBe("/new/a");
  for (const url of ["http://stall.market.example:8085/", "http://other.market.example/"]) {
    expect((await ask(url)).headers["x-echo-pod"]).toBe("shop-0");
  }
  const tunnel = `http://keeper:${String(KEPT_PORT)}/`;
  const { headers } = await callThroughTunnel(mesh().pod("caller-0"), tunnel);
  expect(headers["x-echo-pod"]).toMatch(/^hashed-/);
});

test("requests by another name that has routes of its own are routed so by its full name, and by all on ports of its own", async () => {
  const outlet = (ports: string): string => `
apiVersion: v1
kind: Service
metadata: { name: outlet }
spec: { type: ExternalName, externalName: shop.default.svc.cluster.local, ports: [${ports}] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: outlet }
spec: { hosts: [outlet], http: [{ route: [{ destination: { host: mirror, port: { number: 80 } } }] }] }
`;
  const podBy = async (name: string): Promise<string> => echoOf(await ask(`http://${name}/`)).pod;
  const names = ["outlet.default.svc.cluster.local", "outlet"];
  await mesh().writeForTest("outlet.yaml", outlet(""));
  expect(await Promise.all(names.map(podBy))).toEqual(["mirror-0", "shop-0"]);
  await mesh().writeForTest("outlet.yaml", outlet("{ name: http, port: 80 }"));
  expect(await Promise.all(names.map(podBy))).toEqual(["mirror-0", "mirror-0"]);
});

test("requests that name no port go where a VirtualService sends them, though its service has other ports alone", async () => {
  const depot = `
apiVersion: v1
kind: Service
metadata: { name: depot }
spec: { selector: { app: shop }, ports: [{ name: http, port: 8086, targetPort: 8080 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: depot }
spec:
  hosts: [depot]
  http:
    - match: [{ port: 80 }]
      route: [{ destination: { host: mirror } }]
    - route: [{ destination: { host: depot } }]
`;
  await mesh().writeForTest("depot.yaml", depot);
  const at = { address: mesh().pod("caller-0").addresses.egress, port: 80 };
  const url = "http://depot.default.svc.cluster.local";
  const byProxy = echoOf(await ask(`${url}/`)).pod;
  const byPort = echoOf(await callAddress(at, `${url}/`)).pod;
  expect([byProxy, byPort]).toEqual(["mirror-0", "mirror-0"]);
  expect(echoOf(await ask(`${url}:8086/`)).pod).toBe("shop-0");
});

test("a mirrored request is answered by one, and seen by both", async () => {
  const seen = async (): Promise<number> => {
    const all = [...(await stats(mesh().pod("mirror-0"), "downstream_rq_2xx"))];
    return all.reduce((sum, [name, n]) => (name.startsWith("http.inbound_") ? sum + n : sum), 0);
  };
  const before = await seen();
  expect((await ask("http://shop/mirrored")).headers["x-echo-pod"]).toBe("shop-0");
  await expect.poll(seen, { timeout: 5000 }).toBe(before + 1);
});

test("a share of the requests is aborted, and others are delayed", async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask("http://shop/aborted")));
  const aborted = answers.filter(({ status }) => status === 418).length;
  // 30 %, give or take five standard deviations.
  expect(aborted).toBeGreaterThan(90 - 40);
  expect(aborted).toBeLessThan(90 + 40);
  const start = performance.now();
  expect((await ask("http://shop/delayed")).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(290);
});

test("a browser is told which other sites may ask", async () => {
  const preflight = (origin: string, path = "browser"): Promise<Answer> =>
    ask(`http://shop/${path}`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });
  expect((await preflight("https://shop.example.com")).headers).toMatchObject({
    "access-control-allow-origin": "https://shop.example.com",
    "access-control-allow-methods": "PUT",
    "access-control-max-age": "60",
  });
  const stranger = await preflight("https://evil.example.com");
  expect(stranger.headers["access-control-allow-origin"]).toBeUndefined();
  // The application answers it itself, unless the sidecar is to keep it from that.
  expect(echoOf(stranger).method).toBe("OPTIONS");
  const kept = await preflight("https://evil.example.com", "kept-browser");
  expect({ status: kept.status, body: kept.body }).toEqual({ status: 200, body: "" });
});

test("a try that takes too long is given up for the next one", async () => {
  const start = performance.now();
  expect((await ask("http://shop/slow/delay/3s")).status).toBe(504);
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(590);
  expect(took).toBeLessThan(3000);
});

test("headers of requests and answers are changed", async () => {
  const answer = await ask("http://shop/headers", { headers: { "x-removed": "1" } });
  const { headers } = echoOf(answer);
  expect(headers).toMatchObject({ "x-set": "by-route", "x-added": "more" });
  expect(headers["x-removed"]).toBeUndefined();
  expect(answer.headers["x-answer"]).toBe("by-route");
});

/** Addresses of as many clients. */
const CLIENTS = Array.from({ length: 60 }, (_, i) => `127.38.0.${String(i + 1)}`);
const [FIRST = ""] = CLIENTS;
/** One that calls as often as all of them together. */
const ONE = CLIENTS.map(() => FIRST);

type Way = (client: string) => Promise<Answer>;

/** Which pods answer calls of some clients on a way. */
async function answering(way: Way, clients = CLIENTS): Promise<readonly string[]> {
  const answers = await Promise.all(clients.map(way));
  return answers.map(({ headers }) => String(headers["x-echo-pod"]));
}

const bySidecar =
  (service: string): Way =>
  (localAddress) =>
    ask(`http://${service}/`, { localAddress });
const byTunnel =
  (hostPort: string): Way =>
  (localAddress) =>
    callThroughTunnel(mesh().pod("caller-0"), `http://${hostPort}/`, { localAddress });
const byConnection =
  (port: number): Way =>
  (localAddress) => {
    const { egress } = mesh().pod("caller-0").addresses;
    return callAddress({ address: egress, port }, "http://any/", { localAddress });
  };
const byGateway =
  (questionOf: (client: string) => Question): Way =>
  (client) => {
    const { pod } = mesh().pod("istio-egressgateway-0.istio-system").addresses;
    return callAddress(
      { address: pod, port: 8080 },
      "http://kept.example.com/",
      questionOf(client),
    );
  };

test.each([
  ["requests", bySidecar("kept"), bySidecar("spread")],
  ["connections", byConnection(KEPT_PORT), byConnection(KEPT_PORT + 1)],
  ["tunnels", byTunnel(`kept:${String(KEPT_PORT)}`), byTunnel(`spread:${String(KEPT_PORT + 1)}`)],
])(
  "%s to a sidecar stay with one pod for each client if the service asks for it",
  async (_what, kept, spread) => {
    const before = await answering(kept);
    expect(new Set(before).size).toBe(3);
    expect(await answering(kept)).toEqual(before);
    expect(new Set(await answering(kept, ONE))).toEqual(new Set(before.slice(0, 1)));
    expect(new Set(await answering(spread, ONE)).size).toBe(3);
  },
);

test("requests to a gateway stay with one pod for each client, of whose address a trusted proxy tells", async () => {
  const direct = byGateway((localAddress) => ({ localAddress }));
  const before = await answering(direct);
  expect(new Set(before).size).toBe(3);
  expect(await answering(direct)).toEqual(before);
  const told = byGateway((client) => ({
    localAddress: FIRST,
    headers: { "x-forwarded-for": client },
  }));
  // Where nobody is trusted, it is what a client says of itself.
  expect(new Set(await answering(told))).toEqual(new Set(before.slice(0, 1)));
  await mesh().writeForTest(
    "trusted.yaml",
    meshConfiguration({ defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } } }),
  );
  await expect.poll(() => answering(told), { timeout: 30_000 }).toEqual(before);
});

test("clients of a service that asks for that do not stay where a rule says how pods are chosen", async () => {
  await mesh().writeForTest(
    "random.yaml",
    `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: kept }
spec: { host: kept, trafficPolicy: { loadBalancer: { simple: RANDOM } } }
`,
  );
  const podsOfOne = async (way: Way): Promise<number> => new Set(await answering(way, ONE)).size;
  await expect.poll(() => podsOfOne(bySidecar("kept")), { timeout: 30_000 }).toBe(3);
  await expect.poll(() => podsOfOne(byConnection(KEPT_PORT)), { timeout: 30_000 }).toBe(3);
});

test("requests of one key go to one pod, and few keys move when a pod leaves", async () => {
  const keys = Array.from({ length: 60 }, (_, i) => `key-${String(i)}`);
  const podsOf = async (): Promise<readonly string[]> =>
    (
      await Promise.all(keys.map((key) => ask("http://hashed/", { headers: { "x-key": key } })))
    ).map(({ headers }) => String(headers["x-echo-pod"]));
  const before = await podsOf();
  expect(await podsOf()).toEqual(before);
  expect(new Set(before).size).toBe(3);
  await mesh().edit("apps.yaml", (text) => text.replace("replicas: 3", "replicas: 2"));
  await expect.poll(async () => new Set(await podsOf()).size, { timeout: 60_000 }).toBe(2);
  const after = await podsOf();
  const moved = keys.filter((_, i) => before[i] !== "hashed-2" && before[i] !== after[i]);
  expect(moved.length).toBeLessThan(keys.length / 4);
});

test("requests of gRPC are balanced one by one, whatever the connection", async () => {
  const agent = keepAliveAgent();
  const pods = new Set<unknown>();
  for (let i = 0; i < 20; i++) {
    pods.add((await ask("http://called/", { agent })).headers["x-echo-pod"]);
  }
  expect(pods).toEqual(new Set(["called-0", "called-1"]));
});

/** Calls to the host outside go to the gateway, which calls it for them. */
const BY_EGRESS_GATEWAY = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: outside }
spec:
  hosts: [outside.example.com]
  gateways: [mesh, istio-system/egress]
  http:
    - match: [{ gateways: [mesh] }]
      route:
        - destination:
            host: istio-egressgateway.istio-system.svc.cluster.local
            port: { number: 80 }
    - match: [{ gateways: [istio-system/egress] }]
      headers: { response: { set: { x-way: by egress gateway } } }
      route: [{ destination: { host: outside.example.com, port: { number: 80 } } }]
`;

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(36);

test("a sidecar speaks TLS to a host outside for an application that does not", async () => {
  const { certificate, key } = await certificates.certificateFor(["outside.example.com"]);
  const server = createServer({ cert: certificate, key }, (request, response) => {
    response.end(`${request.method ?? ""} over TLS`);
  });
  server.listen(8443, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  await mesh().writeForTest(
    "outside.yaml",
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside }
spec:
  hosts: [outside.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8443 }]
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE} }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: outside }
spec:
  host: outside.example.com
  trafficPolicy:
    portLevelSettings:
      - { port: { number: 80 }, tls: { mode: SIMPLE, sni: outside.example.com, insecureSkipVerify: true } }
`,
  );
  const { status, body } = await ask("http://outside.example.com/");
  expect([status, body]).toEqual([200, "GET over TLS"]);
  await mesh().writeForTest("egress.yaml", BY_EGRESS_GATEWAY);
  const byGateway = await ask("http://outside.example.com/");
  expect([byGateway.status, byGateway.body]).toEqual([200, "GET over TLS"]);
  expect(byGateway.headers["x-way"]).toBe("by egress gateway");
});

const shown = (socket: TLSSocket): string => socket.getPeerCertificate().subjectaltname ?? "";

test("a gateway takes clients with certificates of an authority alone", async () => {
  const at = {
    address: mesh().pod("istio-ingressgateway-0.istio-system").addresses.pod,
    port: 8443,
  };
  const { root: ca } = PARTNERS;
  const url = "https://partners.example.com/";
  expect((await callTls(at, url, { ca, client: PARTNERS })).status).toBe(200);
  await expect(callTls(at, url, { ca })).rejects.toThrow();
});

test("a gateway passes mutual TLS on to the service that it names, and nothing else", async () => {
  const { pod: host } = mesh().pod("istio-ingressgateway-0.istio-system").addresses;
  const open = async (servername: string): Promise<string> => {
    const socket = connect({
      ...{ host, port: 15443, servername, rejectUnauthorized: false },
      ALPNProtocols: ["istio"],
    });
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, "secureConnect");
    // Without a certificate of the client's own the connection is no good for more.
    socket.on("error", () => undefined);
    return shown(socket);
  };
  expect(await open("outbound_.80_._.shop.default.svc.cluster.local")).toBe(
    "URI:spiffe://cluster.local/ns/default/sa/shop",
  );
  await expect(open("outbound_.81_._.shop.default.svc.cluster.local")).rejects.toThrow();
});

test("a workload in another network is called through a gateway of that, as if there were none", async () => {
  const [apart, way] = ["mirror-0", "istio-ingressgateway-0.istio-system"].map(
    (pod) => mesh().pod(pod).addresses.pod,
  );
  await mesh().writeForTest(
    "networks.yaml",
    `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  meshNetworks: |
    networks:
      apart: { endpoints: [{ fromCidr: ${apart}/32 }], gateways: [{ address: ${way}, port: 15443 }] }
`,
  );
  const gateway = mesh().pod("istio-ingressgateway-0.istio-system");
  const passed = async (): Promise<string> => {
    const { pod, peer } = echoOf(await ask("http://mirror/"));
    expect({ pod, peer }).toEqual({
      pod: "mirror-0",
      peer: "spiffe://cluster.local/ns/default/sa/caller",
    });
    return await admin(gateway, "/stats?filter=outbound_.80_._.mirror.*upstream_cx_total");
  };
  await expect.poll(passed, { timeout: 30_000 }).toMatch(/upstream_cx_total: [1-9]/);
});

const PATCHES = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: shop }
spec:
  workloadSelector: { labels: { app: shop } }
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener:
          filterChain:
            filter:
              name: envoy.filters.network.http_connection_manager
              subFilter: { name: envoy.filters.http.router }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code:
              inline_string: |
                function envoy_on_response(handle) handle:headers():add("x-lua", "was here") end
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: caller }
spec:
  workloadSelector: { labels: { app: caller } }
  configPatches:
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch:
        operation: ADD
        value:
          name: added
          type: STATIC
          connect_timeout: 1s
          load_assignment:
            cluster_name: added
            endpoints:
              - lb_endpoints:
                  - endpoint: { address: { socket_address: { address: POD, port_value: 15021 } } }
    - applyTo: VIRTUAL_HOST
      match: { context: SIDECAR_OUTBOUND, routeConfiguration: { name: http_proxy } }
      patch:
        operation: ADD
        value:
          name: added
          domains: [added.example.com]
          routes: [{ match: { prefix: / }, route: { cluster: added } }]
    - applyTo: HTTP_ROUTE
      match:
        context: SIDECAR_OUTBOUND
        routeConfiguration: { vhost: { name: "mirror.default.svc.cluster.local:80" } }
      patch:
        operation: MERGE
        value: { response_headers_to_add: [{ header: { key: x-merged, value: "yes" } }] }
`;

test("EnvoyFilters add a Lua filter, a cluster and a host, and change a route, until they are gone", async () => {
  const { pod } = mesh().pod("caller-0").addresses;
  await mesh().write("patches.yaml", PATCHES.replace("POD", pod));
  // From pods that have no connection yet: one that is open stays with the filters that it was opened with.
  const answer = await call(mesh().pod("mirror-0"), "http://shop/");
  expect(answer.headers["x-lua"]).toBe("was here");
  expect((await ask("http://mirror/")).headers).toMatchObject({ "x-merged": "yes" });
  const ready = await ask("http://added.example.com/healthz/ready");
  expect(ready.status).toBe(200);
  await mesh().remove("patches.yaml");
  const later = await call(mesh().pod("called-0"), "http://shop/");
  expect([later.status, later.headers["x-lua"]]).toEqual([200, undefined]);
  expect((await ask("http://mirror/")).headers["x-merged"]).toBeUndefined();
  expect((await ask("http://added.example.com/healthz/ready")).status).not.toBe(200);
});

test("the statistics of a service have its cluster's name as a label", async () => {
  await ask("http://shop/");
  const text = await admin(mesh().pod("caller-0"), "/stats/prometheus?usedonly");
  const name = "outbound|80||shop.default.svc.cluster.local";
  expect(text).toContain(`envoy_cluster_upstream_rq_total{cluster_name="${name}"} `);
  expect(text).toContain(`envoy_cluster_upstream_rq{response_code="200",cluster_name="${name}"} `);
});
