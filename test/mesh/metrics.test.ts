/** Istio's metrics of requests and connections, as Prometheus would read them from stock Envoys. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { PlacedPod } from "../../src/up/pods/pod-plan.js";
import { stats } from "./harness/admin.js";
import {
  application,
  documents,
  EAGER_STATISTICS,
  EDGE_TO_CALLED,
  HTTP_GATEWAY,
} from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call, callAddress } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const TELEMETRY = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: metrics, namespace: istio-system }
spec: { metrics: [{ providers: [{ name: prometheus }] }] }
`;

const BYTES = `
apiVersion: v1
kind: Service
metadata: { name: bytes, namespace: default }
spec: { selector: { app: caller }, ports: [{ name: tcp, port: 9000, targetPort: 8080 }] }
`;

/** Of this process alone, so that two runs of the tests do not meet. */
const STATSD = ownAddress(36);

const mesh = shareMesh({
  "apps.yaml": documents(
    application("caller", { versions: ["v1"] }),
    application("called", {
      versions: ["v2"],
      annotations: {
        "proxy.istio.io/config": `statsdUdpAddress: ${STATSD}:8125`,
        "sidecar.istio.io/statsInclusionPrefixes": "cluster.inbound",
      },
    }),
    BYTES,
  ),
  "edge.yaml": HTTP_GATEWAY,
  "statistics.yaml": EAGER_STATISTICS,
  "route.yaml": EDGE_TO_CALLED,
  "telemetry.yaml": TELEMETRY,
});

const caller = (): PlacedPod => mesh().pod("caller-v1-0");
const called = (): PlacedPod => mesh().pod("called-v2-0");

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a pod's proxy tells Prometheus of a metric. */
async function samples(pod: PlacedPod, name: string): Promise<readonly Sample[]> {
  const at = { address: pod.addresses.pod, port: 15090 };
  const { body } = await callAddress(at, "http://proxy/stats/prometheus");
  return body
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value = ""]) => [label, value]),
      ),
      value: Number(line.slice(line.lastIndexOf(" "))),
    }));
}

/** The sum of the samples that have these labels. */
async function sum(pod: PlacedPod, name: string, labels: Sample["labels"]): Promise<number> {
  const all = await samples(pod, name);
  return all
    .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}

const counted = (pod: PlacedPod, labels: Sample["labels"]) =>
  expect.poll(() => sum(pod, "istio_requests_total", labels), { timeout: 15_000 });

const CALLED = {
  destination_workload: "called-v2",
  destination_workload_namespace: "default",
  destination_app: "called",
  destination_version: "v2",
  destination_canonical_service: "called",
  destination_canonical_revision: "v2",
  destination_principal: "spiffe://cluster.local/ns/default/sa/called",
  destination_service: "called.default.svc.cluster.local",
  destination_service_name: "called",
  destination_service_namespace: "default",
  destination_cluster: "Kubernetes",
  request_protocol: "http",
  response_flags: "-",
};

const CALLER = {
  source_workload: "caller-v1",
  source_workload_namespace: "default",
  source_app: "caller",
  source_version: "v1",
  source_canonical_service: "caller",
  source_canonical_revision: "v1",
  source_cluster: "Kubernetes",
  source_principal: "spiffe://cluster.local/ns/default/sa/caller",
};

test("the caller's proxy counts requests by who is called, with the labels that Istio has", async () => {
  await call(caller(), "http://called/");
  await call(caller(), "http://called/status/404");
  const labels = { reporter: "source", ...CALLER, ...CALLED };
  await counted(caller(), { ...labels, response_code: "200" }).toBe(1);
  await counted(caller(), { ...labels, response_code: "404" }).toBe(1);
  const [duration] = await samples(caller(), "istio_request_duration_milliseconds_count");
  expect(duration?.labels).toMatchObject(labels);
});

test("the proxy of who is called counts them by what the caller's certificate tells", async () => {
  await call(caller(), "http://called/status/201");
  await counted(called(), {
    reporter: "destination",
    ...CALLER,
    ...CALLED,
    connection_security_policy: "mutual_tls",
    response_code: "201",
  }).toBe(1);
});

test("a gateway counts what it sends on", async () => {
  const gateway = mesh().gateway();
  const at = { address: gateway.addresses.pod, port: 8080 };
  expect((await callAddress(at, "http://anything/status/202")).status).toBe(202);
  const labels = { source_workload: "istio-ingressgateway", ...CALLED, response_code: "202" };
  await counted(gateway, { ...labels, reporter: "source" }).toBe(1);
  await counted(called(), { ...labels, reporter: "destination" }).toBe(1);
});

test("a request for nobody in the mesh is counted by its host", async () => {
  await call(caller(), "http://nobody.example/");
  await counted(caller(), {
    reporter: "source",
    destination_service: "nobody.example",
    destination_service_name: "PassthroughCluster",
    destination_workload: "unknown",
  }).toBe(1);
});

test("a gateway makes no metric of a host that somebody made up", async () => {
  const gateway = mesh().gateway();
  const at = { address: gateway.addresses.pod, port: 8080 };
  await mesh().remove("route.yaml");
  const question = { headers: { host: "made-up.example" } };
  expect((await callAddress(at, "http://anything/", question)).status).toBe(404);
  await counted(gateway, { destination_service: "unknown", response_code: "404" }).toBe(1);
});

test("connections are counted when they begin, and with their bytes when they end, by both proxies", async () => {
  const REQUEST = "GET / HTTP/1.0\r\n\r\n";
  const labels = {
    destination_workload: "caller-v1",
    destination_service_name: "bytes",
    request_protocol: "tcp",
    response_flags: "-",
  };
  const sides = [
    { pod: called(), labels: { ...labels, reporter: "source", source_workload: "called-v2" } },
    {
      pod: caller(),
      labels: {
        ...labels,
        reporter: "destination",
        source_workload: "called-v2",
        source_version: "v2",
        source_principal: "spiffe://cluster.local/ns/default/sa/called",
        connection_security_policy: "mutual_tls",
      },
    },
  ];
  const totals = (name: string) =>
    Promise.all(sides.map((side) => sum(side.pod, `istio_tcp_${name}_total`, side.labels)));
  const become = (name: string, expected: unknown) =>
    expect.poll(() => totals(name), { timeout: 15_000 }).toEqual(expected);
  const socket = connect({ host: called().addresses.egress, port: 9000 });
  const answer: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answer.push(chunk));
  await once(socket, "connect");
  await become("connections_opened", [1, 1]);
  expect(await totals("connections_closed")).toEqual([0, 0]);
  socket.end(REQUEST);
  await once(socket, "close");
  await become("connections_closed", [1, 1]);
  await become("received_bytes", [REQUEST.length, REQUEST.length]);
  const { length } = Buffer.concat(answer);
  expect(length).toBeGreaterThan(0);
  await become("sent_bytes", [length, length]);
});

test("a proxy keeps the statistics that its pod asks for, and those that are always kept", async () => {
  await call(caller(), "http://called/");
  // Histograms are listed apart, under no name.
  const names = async (pod: PlacedPod) =>
    [...(await stats(pod, "")).keys()].filter((name) => name !== "");
  const families = new Set((await names(called())).map((name) => name.split(".")[0]));
  expect(families).toEqual(
    new Set(["cluster", "cluster_manager", "listener_manager", "server", "wasmcustom"]),
  );
  const clusters = (await names(called())).filter((name) => name.startsWith("cluster."));
  expect(clusters).toContain("cluster.inbound|8080||;.upstream_rq_total");
  expect(clusters.filter((name) => name.startsWith("cluster.outbound"))).toEqual([]);
  expect(await names(caller())).toContain("listener_manager.lds.update_success");
  expect((await names(caller())).some((name) => name.startsWith("cluster.outbound"))).toBe(true);
});

test("a server of statsd is sent a proxy's statistics", async () => {
  const server = createSocket("udp4");
  onTestFinished(() => {
    server.close();
  });
  server.bind(8125, STATSD);
  const [packet] = (await once(server, "message")) as [Buffer];
  expect(packet.toString()).toMatch(/^envoy\..+:\d/);
});

const telemetry = (name: string, namespace: string, overrides: object): string => `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: ${name}, namespace: ${namespace} }
spec: { metrics: [{ providers: [{ name: prometheus }], overrides: [${JSON.stringify(overrides)}] }] }
`;

test("all that were switched off are made where something nearer is said of one", async () => {
  const request = async (status: number): Promise<void> => {
    // A connection between sidecars takes one request more after a change, and ends.
    await call(caller(), `http://called/status/${String(status)}`);
    await call(caller(), `http://called/status/${String(status + 1)}`);
  };
  const isOff = { match: { metric: "ALL_METRICS" }, disabled: true };
  await mesh().write("telemetry.yaml", telemetry("metrics", "istio-system", isOff));
  await request(430);
  const nearer = { match: { metric: "RESPONSE_SIZE" }, disabled: true };
  await mesh().writeForTest("nearer.yaml", telemetry("nearer", "default", nearer));
  await request(440);
  await counted(caller(), { response_code: "441" }).toBe(1);
  expect(await sum(caller(), "istio_requests_total", { response_code: "431" })).toBe(0);
  const sizes = (of: string) => sum(caller(), `istio_${of}_bytes_count`, { response_code: "441" });
  await expect.poll(() => sizes("request"), { timeout: 15_000 }).toBe(1);
  expect(await sizes("response")).toBe(0);
  await mesh().write("telemetry.yaml", TELEMETRY);
});

/** Keeps what a request says of itself, as a filter that tells kinds of requests apart would. */
const CLASSES = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: classes, namespace: default }
spec:
  workloadSelector: { labels: { app: called } }
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
        name: classes
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config
          on_request_headers:
          - object_key: shop.operation
            factory_key: envoy.string
            format_string: { text_format_source: { inline_string: "%REQ(x-operation)%" } }
`;

test("requests are told apart by what a filter keeps of them, and by their paths", async () => {
  const tagOverrides = {
    request_operation: { value: "filter_state['shop.operation']" },
    kind: { value: "request.url_path.startsWith('/status/46') ? 'some' : 'others'" },
  };
  const overrides = { match: { metric: "REQUEST_COUNT", mode: "SERVER" }, tagOverrides };
  await mesh().writeForTest("classes.yaml", CLASSES);
  await mesh().writeForTest("nearer.yaml", telemetry("nearer", "default", overrides));
  await call(caller(), "http://called/last");
  const question = { headers: { "x-operation": "ListReviews" } };
  await call(caller(), "http://called/status/461", question);
  await call(caller(), "http://called/status/471", question);
  const labels = { request_operation: "ListReviews" };
  await counted(called(), { ...labels, kind: "some", response_code: "461" }).toBe(1);
  await counted(called(), { ...labels, kind: "others", response_code: "471" }).toBe(1);
});

test("tags join texts, and tell of whom the proxy calls", async () => {
  const tagOverrides = {
    target: { value: "request.method + ' ' + request.host + ':' + string(response.code)" },
    nothing: { value: "request.method + request.headers['x-not-there'] + '!'" },
    called: {
      value: "filter_state.upstream_peer.workload + '/' + upstream_peer.labels['app'].value",
    },
    version: { value: "filter_state['upstream_peer'].version == 'v2' ? 'second' : 'another'" },
    total: { value: "string(filter_state['shop.a'] + filter_state['shop.b'])" },
    sum: { value: "response.code + xds.listener_direction" },
    kind: { value: "response.code == 404 ? 'none' : request.method + string(response.code)" },
  };
  const overrides = { match: { metric: "REQUEST_COUNT", mode: "CLIENT" }, tagOverrides };
  await mesh().writeForTest("joined.yaml", telemetry("joined", "default", overrides));
  await call(caller(), "http://called/status/464");
  await counted(caller(), {
    target: "GET called:464",
    nothing: "unknown",
    called: "called-v2/called",
    version: "second",
    total: "unknown",
    sum: "466",
    kind: "GET464",
    response_code: "464",
  }).toBe(1);
});

test("tags tell of who calls, where that is known", async () => {
  const tagOverrides = {
    alone: { value: "filter_state.downstream_peer.workload" },
    joined: { value: "downstream_peer.namespace + '/' + downstream_peer.labels['app'].value" },
    version: { value: "filter_state['downstream_peer'].version == 'v1' ? 'first' : 'another'" },
    known: { value: "has(filter_state.downstream_peer.version) ? 'yes' : 'no'" },
  };
  const overrides = { match: { metric: "REQUEST_COUNT", mode: "SERVER" }, tagOverrides };
  await mesh().writeForTest("callers.yaml", telemetry("callers", "default", overrides));
  await call(caller(), "http://called/status/472");
  await counted(called(), {
    alone: "caller-v1",
    joined: "default/caller",
    version: "first",
    known: "yes",
    response_code: "472",
  }).toBe(1);
  const at = { address: called().addresses.pod, port: 8080 };
  expect((await callAddress(at, "http://called/status/473")).status).toBe(473);
  await counted(called(), {
    alone: "unknown",
    joined: "unknown",
    version: "unknown",
    known: "no",
    source_workload: "unknown",
    source_principal: "unknown",
    connection_security_policy: "none",
    response_code: "473",
  }).toBe(1);
});

test("they stop when the Telemetry is deleted", async () => {
  await mesh().remove("telemetry.yaml");
  // What was counted before stays; a connection between sidecars takes one request more, and ends.
  await call(caller(), "http://called/status/203");
  await call(caller(), "http://called/status/204");
  await mesh().write("telemetry.yaml", TELEMETRY);
  await call(caller(), "http://called/status/205");
  await call(caller(), "http://called/status/206");
  await counted(caller(), { response_code: "206" }).toBe(1);
  expect(await sum(caller(), "istio_requests_total", { response_code: "204" })).toBe(0);
});
