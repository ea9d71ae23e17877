/** Which requests proxies trace, and whom they tell, by what Telemetries and the configuration of the mesh say. */
import { expect, test } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import type { Tracing } from "../../../src/config/kinds/telemetry/telemetry.js";
import { type MeshConfig, meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import type { TracingSettings } from "../../../src/config/mesh-config/mesh-config-schema.js";
import type { Labels } from "../../../src/mesh/labels.js";
import type { Telemetry, TelemetrySide } from "../../../src/mesh/telemetry/applied-telemetry.js";
import { type ProxyTracing, proxyTracing } from "../../../src/mesh/telemetry/tracing.js";

const SERVICE = { service: "tracing/spans.example.com", port: 9411 };
const MESH: MeshConfig = {
  ...meshConfigOf(undefined),
  extensionProviders: [
    { name: "zipkin", zipkin: SERVICE },
    { name: "otel", opentelemetry: { ...SERVICE, maxTagLength: 99 } },
    { name: "lost", zipkin: { service: "nowhere.example.com", port: 9411 } },
    { name: "wrong", opentelemetry: { ...SERVICE, http: { path: "/a\nb" } } },
    { name: "prometheus", prometheus: {} },
  ],
};
const BY_DEFAULT: MeshConfig = { ...MESH, defaultProviders: { tracing: ["zipkin", "otel"] } };
const HOSTS = new Map([
  [SERVICE.service, "spans.example.com"],
  ["spans.tracing", "spans.tracing.svc.cluster.local"],
]);
const ZIPKIN: Tracing = { providers: [{ name: "zipkin" }] };

function telemetry(namespace: string, tracing: readonly Tracing[], app?: string): Telemetry {
  return {
    kind: "Telemetry",
    apiVersion: "telemetry.istio.io/v1",
    metadata: { name: app ?? "all", namespace, labels: {}, annotations: {} },
    spec: { tracing, ...(app === undefined ? {} : { selector: { matchLabels: { app } } }) },
    status: undefined,
  };
}

/** Whose spans are asked about. */
interface Subject {
  readonly labels?: Labels;
  readonly tracing?: TracingSettings;
}

function traced(
  telemetries: readonly Telemetry[],
  config: MeshConfig = MESH,
  side: TelemetrySide = "CLIENT",
  { labels = { app: "payments" }, tracing }: Subject = {},
): ProxyTracing | undefined {
  const table = Table.from(telemetries.map((one, i) => [String(i), one] as const));
  const query = {
    namespace: "shop",
    labels,
    rootNamespace: "istio-system",
    side,
    tracing,
  };
  return proxyTracing(table, config, HOSTS, query);
}

const shop = (...tracing: Tracing[]): Telemetry[] => [telemetry("shop", tracing)];

test("nothing is traced unless somebody names a provider", () => {
  expect(traced([])).toBeUndefined();
  expect(traced(shop({ randomSamplingPercentage: 100 }))).toBeUndefined();
});

test("the tracer of the mesh's proxies is told where nobody says anything of tracing", () => {
  const zipkin = { address: "spans.tracing:9411" };
  const own = { ...MESH, defaultConfig: { tracing: { zipkin, sampling: 50 } } };
  const expected = {
    tracer: { kind: "zipkin", settings: { service: "spans.tracing", port: 9411 } },
    hostname: "spans.tracing.svc.cluster.local",
    sampling: 50,
  };
  expect(traced([], own)).toMatchObject(expected);
  expect(traced(shop({ randomSamplingPercentage: 5 }), own)).toBeUndefined();
  const elsewhere = shop({ match: { mode: "SERVER" }, randomSamplingPercentage: 5 });
  expect(traced(elsewhere, own)).toBeUndefined();
  expect(traced(shop(ZIPKIN), own)?.hostname).toBe("spans.example.com");
  expect(traced(shop({ providers: [{ name: "nobody" }] }), own)).toBeUndefined();
  expect(traced(shop({ disableSpanReporting: true }), own)).toBeUndefined();
  expect(traced([], { ...own, enableTracing: false })).toBeUndefined();
});

test("spans of the tracer of the mesh's proxies say of which workload they are unless the mesh says otherwise", () => {
  const own = { zipkin: { address: "spans.tracing:9411" }, enableIstioTags: false };
  const defaultConfig = { tracing: own };
  expect(traced([], { ...MESH, defaultConfig })?.istioTags).toBe(false);
  expect(traced([], { ...BY_DEFAULT, defaultConfig })?.istioTags).toBe(true);
});

test.each([
  ["the configuration of the mesh", [], BY_DEFAULT],
  ["the root namespace's Telemetry", [telemetry("istio-system", [ZIPKIN])], MESH],
  ["the namespace's Telemetry", shop(ZIPKIN), MESH],
  ["the workload's Telemetry", [telemetry("shop", [ZIPKIN], "payments")], MESH],
])("one of a hundred requests is traced on both sides when %s says so", (_who, all, config) => {
  const expected: ProxyTracing = {
    tracer: { kind: "zipkin", settings: SERVICE },
    hostname: "spans.example.com",
    sampling: 1,
    customTags: {},
    istioTags: true,
    useRequestId: true,
  };
  expect(traced(all, config, "CLIENT")).toEqual(expected);
  expect(traced(all, config, "SERVER")).toEqual(expected);
});

const attached = (kind: string, name: string): Telemetry => {
  const { spec, ...resource } = telemetry("shop", [ZIPKIN]);
  const group = "gateway.networking.k8s.io";
  return { ...resource, spec: { ...spec, targetRefs: [{ group, kind, name }] } };
};

test("a Telemetry that is attached to a Gateway is for the workloads of that Gateway alone", () => {
  const ofEdge = { "gateway.networking.k8s.io/gateway-name": "edge" };
  expect(traced([attached("Gateway", "edge")], MESH, "CLIENT", { labels: ofEdge })).toBeDefined();
  expect(
    traced([attached("Gateway", "other")], MESH, "CLIENT", { labels: ofEdge }),
  ).toBeUndefined();
  expect(traced([attached("Gateway", "edge")])).toBeUndefined();
});

test.each([
  ["is not there", "otle"],
  ["is for something else", "prometheus"],
  ["has a service that is not known", "lost"],
  ["has settings that Envoy would refuse", "wrong"],
])("nothing is traced when the provider %s, also where there is a default", (_why, name) => {
  expect(traced(shop({ providers: [{ name }] }), BY_DEFAULT)).toBeUndefined();
});

test("the more specific counts in what it says, and leaves the rest", () => {
  const all = [
    telemetry("istio-system", [
      { ...ZIPKIN, randomSamplingPercentage: 10, customTags: { a: { literal: { value: "1" } } } },
    ]),
    telemetry("shop", [{ providers: [{ name: "otel" }, { name: "zipkin" }] }]),
    telemetry(
      "shop",
      [
        {
          randomSamplingPercentage: 0,
          customTags: { b: { literal: { value: "2" } } },
          enableIstioTags: false,
          useRequestIdForTraceSampling: false,
        },
      ],
      "payments",
    ),
  ];
  expect(traced(all)).toMatchObject({
    tracer: { kind: "opentelemetry" },
    sampling: 0,
    customTags: { b: { literal: { value: "2" } } },
    istioTags: false,
    useRequestId: false,
    maxPathTagLength: 99,
  });
  expect(traced(all.slice(0, 2))).toMatchObject({ sampling: 10, istioTags: true });
});

test("a provider is found by its name in any case", () => {
  expect(traced(shop({ providers: [{ name: "Zipkin" }] }))?.tracer.kind).toBe("zipkin");
});

test("what is said for one side is not said for the other", () => {
  const all = shop(ZIPKIN, { match: { mode: "SERVER" }, disableSpanReporting: true });
  expect(traced(all, MESH, "CLIENT")?.tracer.kind).toBe("zipkin");
  expect(traced(all, MESH, "SERVER")).toBeUndefined();
});

test("what was switched off for the mesh can be switched on again for some", () => {
  const off = telemetry("istio-system", [{ disableSpanReporting: true }]);
  expect(traced([off], BY_DEFAULT)).toBeUndefined();
  expect(traced([off, ...shop({ disableSpanReporting: false })], BY_DEFAULT)).toBeDefined();
});

test("the defaults of proxies say what Telemetries do not", () => {
  const tracing = {
    sampling: 50,
    maxPathTagLength: 64,
    customTags: { zone: { environment: { name: "ZONE" } } },
  };
  const config = { ...BY_DEFAULT, defaultConfig: { tracing } };
  expect(traced([], config)).toMatchObject({
    sampling: 50,
    maxPathTagLength: 64,
    customTags: tracing.customTags,
  });
  const own = { who: { header: { name: "x-who" } } };
  const said = shop({
    providers: [{ name: "otel" }],
    customTags: own,
    randomSamplingPercentage: 2,
  });
  expect(traced(said, config)).toMatchObject({
    sampling: 2,
    maxPathTagLength: 99,
    customTags: own,
  });
});

test("a proxy's own settings say what Telemetries do not, over the defaults of proxies", () => {
  const tags = { zone: { environment: { name: "ZONE" } } };
  const config = {
    ...BY_DEFAULT,
    defaultConfig: { tracing: { sampling: 50, maxPathTagLength: 64, customTags: tags } },
  };
  const own = (telemetries: readonly Telemetry[], tracing: TracingSettings) =>
    traced(telemetries, config, "CLIENT", { tracing });
  expect(own([], { sampling: 5 })).toMatchObject({
    sampling: 5,
    maxPathTagLength: 64,
    customTags: tags,
  });
  const tier = { tier: { literal: { value: "gold" } } };
  expect(own([], { customTags: tier, maxPathTagLength: 9 })).toMatchObject({
    sampling: 50,
    maxPathTagLength: 9,
    customTags: tier,
  });
  const said = shop({ ...ZIPKIN, randomSamplingPercentage: 2, customTags: tags });
  expect(own(said, { sampling: 5, customTags: tier })).toMatchObject({
    sampling: 2,
    customTags: tags,
  });
});

test("the headers of requests are left as they are where a Telemetry says so", () => {
  expect(traced(shop({ ...ZIPKIN, disableContextPropagation: true }))?.isSilent).toBe(true);
  expect(traced(shop(ZIPKIN))).not.toHaveProperty("isSilent");
});
