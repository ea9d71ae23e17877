import { expect, test } from "vitest";
import type { ConfigResource } from "../../../../src/config/resource.js";
import { proxyStart } from "../../../../src/up/pods/proxy-start.js";
import { resource, tablesOf } from "../fixtures.js";

const ANNOTATION = "proxy.istio.io/config";

function metadata(mesh: string, annotation?: string): Readonly<Record<string, string>> {
  const tables = tablesOf({
    ...resource("ConfigMap", "istio.istio-system"),
    spec: { data: { mesh } },
  });
  const annotations = annotation === undefined ? {} : { [ANNOTATION]: annotation };
  return proxyStart(tables, { namespace: "default", labels: {}, annotations }).nodeMetadata;
}

const MESH = `
defaultConfig:
  proxyMetadata: { ISTIO_META_ON_DEMAND_DISCOVERY: "true", ISTIO_META_ZONE: a, OTHER: b }
`;

test("is what the mesh's variables for it say, and no other variables", () => {
  expect(metadata(MESH)).toEqual({ ON_DEMAND_DISCOVERY: "true", ZONE: "a" });
});

test("is nothing where no variables are", () => {
  expect(metadata("")).toEqual({});
});

test("is what a pod's annotation says, over the mesh's", () => {
  const annotation = "proxyMetadata: { ISTIO_META_ON_DEMAND_DISCOVERY: false }";
  expect(metadata(MESH, annotation)).toEqual({ ON_DEMAND_DISCOVERY: "false", ZONE: "a" });
});

test.each(["proxyMetadata: [", "proxyMetadata: text", "- a", ""])(
  "is the mesh's alone where the annotation is %j",
  (annotation) => {
    expect(metadata(MESH, annotation)).toEqual(metadata(MESH));
  },
);

const settings = (name: string, value: string, labels?: Readonly<Record<string, string>>) =>
  resource("ProxyConfig", name, {
    spec: {
      ...(labels === undefined ? {} : { selector: { matchLabels: labels } }),
      concurrency: Number(value),
      environmentVariables: { ISTIO_META_ZONE: value, [`ISTIO_META_${value}`]: "said" },
    },
  });

test.each([
  [[], "0", 1],
  [["root"], "2", 2],
  [["root", "namespace"], "3", 3],
  [["root", "namespace", "annotation"], "4", 4],
  [["root", "namespace", "annotation", "workload"], "5", 5],
  [["annotation", "workload"], "5", 5],
  [["others"], "0", 1],
])("of %j the one that is nearest to the pods counts", (given, zone, concurrency) => {
  const all = {
    root: settings("all.istio-system", "2"),
    namespace: settings("all", "3"),
    workload: settings("some", "5", { app: "a" }),
    others: settings("some", "6", { app: "b" }),
  };
  const mesh = resource("ConfigMap", "istio.istio-system");
  const text = 'defaultConfig: { proxyMetadata: { ISTIO_META_ZONE: "0" } }';
  const tables = tablesOf(
    { ...mesh, spec: { data: { mesh: text } } },
    ...Object.entries(all).flatMap(([name, one]) => (given.includes(name) ? one : [])),
  );
  const annotations: Record<string, string> = given.includes("annotation")
    ? {
        [ANNOTATION]: 'concurrency: 4\nproxyMetadata: { ISTIO_META_ZONE: "4", ISTIO_META_4: said }',
      }
    : {};
  const start = proxyStart(tables, { namespace: "default", labels: { app: "a" }, annotations });
  expect([start.nodeMetadata["ZONE"], start.concurrency]).toEqual([zone, concurrency]);
  const numbers = { root: "2", namespace: "3", annotation: "4", workload: "5" };
  for (const [name, number] of Object.entries(numbers)) {
    expect(number in start.nodeMetadata).toBe(given.includes(name));
  }
});

test("what is asked of statistics is what the annotations say, over the mesh's", () => {
  const tables = tablesOf({
    ...resource("ConfigMap", "istio.istio-system"),
    spec: {
      data: {
        mesh: "defaultConfig: { statsdUdpAddress: '192.0.2.1:8125', proxyStatsMatcher: { inclusionPrefixes: [a] } }",
      },
    },
  });
  const asked = (annotations: Readonly<Record<string, string>>) =>
    proxyStart(tables, { namespace: "default", labels: {}, annotations }).statistics;
  const statsd = { address: "192.0.2.1", port: 8125 };
  const none = { prefixes: [], suffixes: [], regexps: [] };
  expect(asked({})).toEqual({ statsd, kept: { ...none, prefixes: ["a"] } });
  expect(asked({ [ANNOTATION]: "proxyStatsMatcher: { inclusionSuffixes: [b] }" })).toEqual({
    statsd,
    kept: { ...none, suffixes: ["b"] },
  });
  expect(asked({ "sidecar.istio.io/statsInclusionPrefixes": "c" })).toEqual({
    statsd,
    kept: { ...none, prefixes: ["c"] },
  });
});

test("of the settings that a proxy tells the annotation's count, and not the mesh's, which the control plane knows", () => {
  const tables = tablesOf({
    ...resource("ConfigMap", "istio.istio-system"),
    spec: { data: { mesh: "defaultConfig: { gatewayTopology: { numTrustedProxies: 2 } }" } },
  });
  const told = (annotation: string) => {
    const annotations = { [ANNOTATION]: annotation };
    return proxyStart(tables, { namespace: "default", labels: {}, annotations }).settings;
  };
  expect(told("")).toEqual({});
  expect(told("gatewayTopology: { numTrustedProxies: 1 }")).toEqual({
    gatewayTopology: { numTrustedProxies: 1 },
  });
  expect(told("proxyHeaders: { requestId: { disabled: true } }\nconcurrency: 2")).toEqual({
    proxyHeaders: { requestId: { disabled: true } },
  });
  expect(told("tracing: { sampling: 5, zipkin: { address: a:9411 } }")).toEqual({
    tracing: { sampling: 5 },
  });
  expect(told("gatewayTopology: { numTrustedProxies: one }")).toEqual({});
});

test("what a service is called is what the annotation says in either way, over the mesh's", () => {
  const naming = (mesh: string, annotation: string): object => {
    const config = {
      ...resource("ConfigMap", "istio.istio-system"),
      spec: { data: { mesh: `defaultConfig: { ${mesh} }` } },
    };
    const annotations = { [ANNOTATION]: annotation };
    return proxyStart(tablesOf(config), { namespace: "default", labels: {}, annotations }).naming;
  };
  const canonical = { tracingServiceName: "CANONICAL_NAME_ONLY" };
  expect(naming("tracingServiceName: CANONICAL_NAME_ONLY", "")).toEqual(canonical);
  expect(naming("tracingServiceName: CANONICAL_NAME_ONLY", "serviceCluster: mine")).toEqual({
    serviceCluster: "mine",
  });
  expect(naming("serviceCluster: mine", "tracingServiceName: CANONICAL_NAME_ONLY")).toEqual(
    canonical,
  );
});

test("a proxy of a mesh in which anybody makes metrics is started for them", () => {
  const makes = (...telemetries: readonly ConfigResource[]): boolean => {
    const pods = { namespace: "default", labels: {}, annotations: {} };
    return proxyStart(tablesOf(...telemetries), pods).makesMetrics;
  };
  const spec = { metrics: [{ providers: [{ name: "prometheus" }] }] };
  expect(makes()).toBe(false);
  expect(makes(resource("Telemetry", "metrics.other", { spec }))).toBe(true);
});
