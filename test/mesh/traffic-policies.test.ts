/** Where requests go by the policies of DestinationRules: by place, through routes of others, to the selected pods. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { PlacedPod } from "../../src/up/pods/pod-plan.js";
import { admin, stats } from "./harness/admin.js";
import { explanationOf } from "./harness/explanations.js";
import { documents, meshConfiguration } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { type Answer, call } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

/** A Deployment of one pod, `NAME-0`, with these labels, on a node. */
const deployment = (
  name: string,
  labels: Readonly<Record<string, string>>,
  node: string,
): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: ${JSON.stringify(labels)} }
  template:
    metadata: { labels: ${JSON.stringify(labels)} }
    spec:
      serviceAccountName: ${name}
      nodeName: ${node}
      containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }]
`;

const service = (name: string, app: string, more = ""): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${app} }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
  ${more}
`;

const PLACES = documents(
  deployment("caller", { app: "caller", "istio-locality": "us.east.1" }, "node-1"),
  deployment("near", { app: "placed", "istio-locality": "us.east.1" }, "node-1"),
  deployment("next", { app: "placed", "istio-locality": "us.west.1" }, "node-2"),
  deployment("far", { app: "placed", "istio-locality": "eu.west.1" }, "node-3"),
  service("on-node", "placed", "internalTrafficPolicy: Local"),
  service("callers", "caller", "internalTrafficPolicy: Local"),
  service("same-node", "placed", "trafficDistribution: PreferSameNode"),
  service(
    "same-node-kept",
    "placed",
    "trafficDistribution: PreferSameNode\n  sessionAffinity: ClientIP",
  ),
  service("nearest", "placed"),
  service("spread", "placed"),
  service("regional", "placed"),
  `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: nearest }
spec:
  host: nearest
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 1, interval: 0.1s, baseEjectionTime: 300s, maxEjectionPercent: 100 }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: nearest }
spec:
  hosts: [nearest]
  http: [{ retries: { attempts: 0 }, route: [{ destination: { host: nearest } }] }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: spread }
spec:
  host: spread
  trafficPolicy:
    loadBalancer:
      localityLbSetting: { distribute: [{ from: us/east/*, to: { us/*: 20, eu/west/1: 80 } }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: regional }
spec:
  host: regional
  trafficPolicy: { loadBalancer: { zoneAwareLbSetting: { enabled: true, minClusterSize: 1 } } }
`,
);

/** The team decides on its part of the shop's requests. */
const DELEGATES = documents(
  service("shop", "placed"),
  `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - match: [{ uri: { prefix: /orders } }]
      delegate: { name: orders, namespace: team }
      headers: { response: { set: { x-team: orders } } }
    - redirect: { uri: /elsewhere }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: orders, namespace: team }
spec:
  http:
    - match: [{ uri: { exact: /orders/status } }]
      directResponse: { status: 418 }
    - route: [{ destination: { host: shop.default.svc.cluster.local } }]
`,
);

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(35);

const ANNOUNCED = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: announced }
spec:
  hosts: [announced.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE}, ports: { http: 8080 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: announced }
spec:
  host: announced.example.com
  trafficPolicy:
    proxyProtocol: { version: V1 }
    loadBalancer: { warmup: { duration: 1s, minimumPercent: 10, aggression: 1.5 } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: pinged }
spec:
  hosts: [pinged.example.com]
  ports: [{ number: 80, name: http2, protocol: HTTP2 }]
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE}, ports: { http2: 8081 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pinged }
spec:
  host: pinged.example.com
  trafficPolicy: { connectionPool: { http: { http2KeepAlive: { interval: 0.1s } } } }
`;

/** A pod that others run. */
const pod = (name: string, block: number, place: string, ready: boolean): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: partly, istio-locality: ${place} } }
spec: { containers: [{ name: app, image: app }] }
status: { podIP: ${ownAddress(block)}, conditions: [{ type: Ready, status: "${ready ? "True" : "False"}" }] }
`;

const PARTLY_READY = documents(
  service("partly", "partly", "trafficDistribution: PreferClose"),
  pod("here", 36, "us.east.1", true),
  ...[37, 38, 39].map((block) => pod(`starting-${block}`, block, "us.east.1", false)),
  pod("there", 40, "us.west.1", true),
);

const mesh = shareMesh(
  {
    "places.yaml": PLACES,
    "delegates.yaml": DELEGATES,
    "announced.yaml": ANNOUNCED,
    "partly-ready.yaml": PARTLY_READY,
  },
  { standIns: false },
);

const ask = (url: string): Promise<Answer> => call(mesh().pod("caller-0"), url);
const podOf = async (url: string): Promise<string> =>
  String((await ask(url)).headers["x-echo-pod"]);

/** How many of so many requests each pod answered. */
async function answersOf(url: string, count: number): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const pod = await podOf(url);
    counts[pod] = (counts[pod] ?? 0) + 1;
  }
  return counts;
}

test("requests stay in the caller's place, and go to the next nearest one when it fails", async () => {
  expect(await answersOf("http://nearest/", 20)).toEqual({ "near-0": 20 });
  expect((await ask("http://nearest/status/500")).status).toBe(500);
  await expect.poll(() => podOf("http://nearest/"), { timeout: 5000, interval: 10 }).toBe("next-0");
  expect(await answersOf("http://nearest/", 20)).toEqual({ "next-0": 20 });
  expect((await ask("http://nearest/status/500")).status).toBe(500);
  await expect.poll(() => podOf("http://nearest/"), { timeout: 5000, interval: 10 }).toBe("far-0");
});

test("who is called is explained by places", async () => {
  const explained = async (url: string): Promise<readonly unknown[]> => {
    const { results, stages } = await explanationOf(mesh(), "--from", "caller-0", url);
    const steps = stages.flatMap((stage) => stage.stages.flatMap((one) => one.steps));
    return [
      ...results.map(({ share, answeredBy }) => [share, ...answeredBy]),
      ...steps.filter(({ about }) => about === "places").map(({ says }) => says),
    ];
  };
  expect(await explained("http://nearest/")).toEqual([
    [1, "near-0.default"],
    "us/east/1; then us/west/1; then eu/west/1",
  ]);
  expect(await explained("http://spread/")).toEqual([
    [0.8, "far-0.default"],
    [0.2, "near-0.default", "next-0.default"],
    "10 % in us/east/1, 10 % in us/west/1, 80 % in eu/west/1",
  ]);
});

test("requests stay on the caller's node where a service asks for that, or end there", async () => {
  const from = (pod: string, url: string): Promise<Answer> => call(mesh().pod(pod), url);
  expect(await answersOf("http://on-node/", 20)).toEqual({ "near-0": 20 });
  expect(await answersOf("http://same-node/", 20)).toEqual({ "near-0": 20 });
  expect((await from("far-0", "http://on-node/")).headers["x-echo-pod"]).toBe("far-0");
  expect((await from("far-0", "http://same-node/")).headers["x-echo-pod"]).toBe("far-0");
  // The client's address decides among the endpoints that are nearest, and not among all.
  for (const caller of ["near-0", "next-0", "far-0"]) {
    expect((await from(caller, "http://same-node-kept/")).headers["x-echo-pod"]).toBe(caller);
  }
  expect((await from("near-0", "http://callers/")).headers["x-echo-pod"]).toBe("caller-0");
  const { status, body } = await from("far-0", "http://callers/");
  expect([status, body]).toEqual([503, "no healthy upstream"]);
  const { results } = await explanationOf(mesh(), "--from", "far-0", "http://callers/");
  const reason =
    "internalTrafficPolicy Local leaves the caller no endpoint: it is on node node-3, and they are on node-1";
  expect(results).toMatchObject([{ share: 1, status: 503, flags: "UH", reason }]);
});

test("requests are spread over places by the shares of a rule", async () => {
  const counts = await answersOf("http://spread/", 200);
  expect(Object.keys(counts).sort()).toEqual(["far-0", "near-0", "next-0"]);
  // 80 %, give or take four standard deviations.
  expect(counts["far-0"]).toBeGreaterThan(160 - 23);
  expect(counts["far-0"]).toBeLessThan(160 + 23);
});

test("requests stay in the caller's region, of which all places are alike", async () => {
  const counts = await answersOf("http://regional/", 40);
  expect(Object.keys(counts).sort()).toEqual(["near-0", "next-0"]);
});

test("requests leave a place where most endpoints are not ready, by the share that these would have had", async () => {
  const counts = { here: 0, there: 0 };
  for (const [name, block] of [
    ["here", 36],
    ["there", 40],
  ] as const) {
    const server = createHttpServer((_request, response) => {
      counts[name] += 1;
      response.end();
    });
    server.listen(8080, ownAddress(block));
    onTestFinished(() => {
      server.close();
    });
    await once(server, "listening");
  }
  for (let i = 0; i < 200; i++) expect((await ask("http://partly/")).status).toBe(200);
  // A quarter is ready, of which Envoy thinks that it can do 1.4 times its share: 35 %, give or take four standard deviations.
  expect(counts.here).toBeGreaterThan(70 - 27);
  expect(counts.here).toBeLessThan(70 + 27);
  expect(counts.here + counts.there).toBe(200);
});

test("requests that a VirtualService leaves to another are routed by that one", async () => {
  const status = await ask("http://shop/orders/status");
  expect(status.status).toBe(418);
  expect(status.headers["x-team"]).toBe("orders");
  const order = await ask("http://shop/orders/7");
  expect(order.status).toBe(200);
  expect(order.headers["x-team"]).toBe("orders");
  expect((await ask("http://shop/")).headers.location).toMatch(/\/elsewhere$/);
  const { stages } = await explanationOf(mesh(), "--from", "caller-0", "http://shop/orders/7");
  const routes = stages.flatMap(({ steps }) => steps.filter(({ about }) => about === "route"));
  expect(routes.map(({ sources }) => sources.map(({ what }) => what))).toEqual([
    ["VirtualService orders.team spec.http[1]", "VirtualService shop.default spec.http[0]"],
  ]);
});

test("a server behind the PROXY protocol is told who called before it is asked", async () => {
  const received: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      received.push(data.toString());
      if (received.join("").includes("\r\n\r\n")) {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      }
    });
  });
  server.listen(8080, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  expect((await ask("http://announced.example.com/")).status).toBe(200);
  expect(received.join("")).toMatch(/^PROXY TCP4 [\d.]+ [\d.]+ \d+ \d+\r\nGET \/ HTTP\/1\.1\r\n/);
});

test("a connection of HTTP/2 is pinged as a rule asks for", async () => {
  const server = createHttp2Server((_request, response) => response.end());
  const session = once(server, "session") as Promise<[ServerHttp2Session]>;
  server.listen(8081, OUTSIDE);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const ping = session.then(([opened]) => once(opened, "ping"));
  expect((await ask("http://pinged.example.com/")).status).toBe(200);
  await ping;
});

test("what is in a namespace has no effect until a label makes it one of the mesh's", async () => {
  const selected = (labels: object): object => ({ matchLabels: labels });
  await mesh().writeForTest(
    "mesh.yaml",
    meshConfiguration({
      discoverySelectors: [
        selected({ "kubernetes.io/metadata.name": "default" }),
        selected({ mesh: "on" }),
      ],
    }),
  );
  const statusOfOrders = async () => (await ask("http://shop/orders/status")).status;
  expect(await statusOfOrders()).toBe(301);
  await mesh().writeForTest(
    "team.yaml",
    "{ apiVersion: v1, kind: Namespace, metadata: { name: team, labels: { mesh: 'on' } } }",
  );
  expect(await statusOfOrders()).toBe(418);
});

test("what rules leave open is as the mesh says it for all of them", async () => {
  await mesh().writeForTest(
    "mesh.yaml",
    meshConfiguration({
      defaultTrafficPolicy: {
        connectionPool: { tcp: { maxConnections: 7 } },
        outlierDetection: { consecutive5xxErrors: 7 },
      },
    }),
  );
  const limits = async (pod: PlacedPod, cluster: string): Promise<readonly string[]> =>
    (await admin(pod, "/clusters"))
      .split("\n")
      .filter((line) => line.startsWith(`${cluster}::default_priority::max_connections`));
  const [spread, application] = ["outbound|80||spread.default.svc.cluster.local", "inbound|8080||"];
  const limit = "::default_priority::max_connections::7";
  expect(await limits(mesh().pod("caller-0"), spread)).toEqual([`${spread}${limit}`]);
  expect(await limits(mesh().pod("far-0"), application)).toEqual([`${application}${limit}`]);
});

test("a proxy asks its own application again as the mesh says", async () => {
  await mesh().writeForTest(
    "mesh.yaml",
    meshConfiguration({ defaultInboundHttpRetryPolicy: { attempts: 3, retryOn: "503" } }),
  );
  const statistic = "cluster.inbound|8080||;.upstream_rq_retry";
  const retries = async (): Promise<number> => {
    const pods = ["near-0", "next-0", "far-0"].map((name) => mesh().pod(name));
    const all = await Promise.all(pods.map((pod) => stats(pod, statistic)));
    return all.reduce((sum, one) => sum + (one.get(statistic) ?? 0), 0);
  };
  const before = await retries();
  expect((await ask("http://spread/status/503")).status).toBe(503);
  expect((await retries()) - before).toBe(3);
});

test("statistics call clusters as the mesh's patterns say", async () => {
  await mesh().writeForTest(
    "mesh.yaml",
    meshConfiguration({
      outboundClusterStatName: "to_%SERVICE%_%SERVICE_PORT%",
      inboundClusterStatName: "at_%SERVICE_NAME%_%TARGET_PORT%",
    }),
  );
  const pod = mesh().pod(await podOf("http://spread/"));
  const called = "cluster.to_spread.default_80;.upstream_rq_total";
  expect((await stats(mesh().pod("caller-0"), called)).get(called)).toBe(1);
  const application = "cluster.at_nearest_8080;.upstream_rq_total";
  expect((await stats(pod, application)).get(application)).toBe(1);
});
