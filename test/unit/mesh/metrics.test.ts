/** Which metrics proxies make, by what Telemetries and the configuration of the mesh say. */
import { expect, test } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import type { Metrics } from "../../../src/config/kinds/telemetry/telemetry.js";
import { type MeshConfig, meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import type { Telemetry, TelemetrySide } from "../../../src/mesh/telemetry/applied-telemetry.js";
import { METRIC_NAMES, makesMetrics, proxyMetrics } from "../../../src/mesh/telemetry/metrics.js";

const MESH = meshConfigOf(undefined);
const BY_DEFAULT: MeshConfig = { ...MESH, defaultProviders: { metrics: ["prometheus"] } };
const PROMETHEUS: Metrics = { providers: [{ name: "prometheus" }] };

function telemetry(namespace: string, metrics: readonly Metrics[], app?: string): Telemetry {
  return {
    kind: "Telemetry",
    apiVersion: "telemetry.istio.io/v1",
    metadata: { name: app ?? "all", namespace, labels: {}, annotations: {} },
    spec: { metrics, ...(app === undefined ? {} : { selector: { matchLabels: { app } } }) },
    status: undefined,
  };
}

const tableOf = (...all: readonly Telemetry[]): Table<Telemetry> =>
  Table.from(all.map((one, i) => [String(i), one] as const));

const made = (table: Table<Telemetry>, side: TelemetrySide, config = MESH): readonly string[] =>
  Object.keys(
    proxyMetrics(table, config, {
      namespace: "shop",
      labels: { app: "payments" },
      rootNamespace: "istio-system",
      side,
    }),
  );

const ALL = Object.keys(METRIC_NAMES);

test("nobody makes metrics unless somebody names a provider for Prometheus", () => {
  const other = telemetry("shop", [{ providers: [{ name: "stackdriver" }] }]);
  expect(made(tableOf(), "CLIENT")).toEqual([]);
  expect(made(tableOf(other), "CLIENT")).toEqual([]);
  expect(made(tableOf(telemetry("shop", [{ overrides: [{}] }])), "CLIENT")).toEqual([]);
  expect(makesMetrics(tableOf(other), MESH)).toBe(false);
});

test.each([
  ["the configuration of the mesh", tableOf(), BY_DEFAULT],
  ["the root namespace's Telemetry", tableOf(telemetry("istio-system", [PROMETHEUS])), MESH],
  ["the namespace's Telemetry", tableOf(telemetry("shop", [PROMETHEUS])), MESH],
  ["the workload's Telemetry", tableOf(telemetry("shop", [PROMETHEUS], "payments")), MESH],
])("a proxy makes all of them when %s says so", (_who, table, config) => {
  expect(made(table, "CLIENT", config)).toEqual(ALL);
  expect(made(table, "SERVER", config)).toEqual(ALL);
  expect(makesMetrics(table, config)).toBe(true);
});

test.each([
  ["another namespace's", telemetry("other", [PROMETHEUS])],
  ["another workload's", telemetry("shop", [PROMETHEUS], "orders")],
])("what %s Telemetry says is for others", (_whose, one) => {
  expect(made(tableOf(one), "SERVER")).toEqual([]);
});

test("who names another provider has the metrics go there alone", () => {
  const elsewhere = telemetry("shop", [{ providers: [{ name: "stackdriver" }] }]);
  expect(made(tableOf(elsewhere), "SERVER", BY_DEFAULT)).toEqual([]);
});

test("what differs of the metrics of another provider is not for Prometheus", () => {
  const other = telemetry("istio-system", [
    { providers: [{ name: "stackdriver" }], overrides: [{ disabled: true }] },
  ]);
  expect(made(tableOf(other, telemetry("shop", [PROMETHEUS])), "CLIENT")).toEqual(ALL);
});

test("a provider is found by its name in any case", () => {
  expect(
    made(tableOf(telemetry("shop", [{ providers: [{ name: "Prometheus" }] }])), "CLIENT"),
  ).toEqual(ALL);
});

test("what is nearer to the workload switches metrics off and on over what is farther, by side", () => {
  const off = telemetry("istio-system", [
    { overrides: [{ match: { metric: "REQUEST_COUNT" }, disabled: true }] },
  ]);
  const on = telemetry("shop", [
    { overrides: [{ match: { metric: "REQUEST_COUNT", mode: "SERVER" }, disabled: false }] },
  ]);
  expect(made(tableOf(off, on), "CLIENT", BY_DEFAULT)).toEqual(
    ALL.filter((one) => one !== "REQUEST_COUNT"),
  );
  expect(made(tableOf(off, on), "SERVER", BY_DEFAULT)).toEqual(ALL);
});

test.each([
  ["says one is made", { match: { metric: "REQUEST_COUNT" }, disabled: false }, ALL],
  ["changes a tag of one", { tagOverrides: { host: { value: "request.host" } } }, ALL],
  [
    "says another is not made",
    { match: { metric: "REQUEST_COUNT" }, disabled: true },
    ALL.filter((one) => one !== "REQUEST_COUNT"),
  ],
  ["says nothing of any", { match: { metric: "REQUEST_COUNT", mode: "CLIENT" } }, []],
] as const)(
  "what switched all metrics off counts no more on a side where what is nearer %s",
  (_what, override, left) => {
    const off = telemetry("istio-system", [
      { overrides: [{ match: { metric: "ALL_METRICS" }, disabled: true }] },
    ]);
    const nearer = telemetry("shop", [{ overrides: [override] }]);
    expect(made(tableOf(off), "SERVER", BY_DEFAULT)).toEqual([]);
    expect(made(tableOf(off, nearer), "SERVER", BY_DEFAULT)).toEqual(left);
  },
);

test("what is said of one Prometheus is not for another", () => {
  const two: MeshConfig = {
    ...MESH,
    extensionProviders: ["first", "second"].map((name) => ({ name, prometheus: {} })),
  };
  const off = telemetry("istio-system", [
    { providers: [{ name: "first" }], overrides: [{ disabled: true }] },
  ]);
  const second = telemetry("shop", [{ providers: [{ name: "second" }] }]);
  expect(made(tableOf(off), "CLIENT", two)).toEqual([]);
  expect(made(tableOf(off, second), "CLIENT", two)).toEqual(ALL);
});

test("tags change for the metrics and the side that are meant, and add up", () => {
  const first = telemetry("istio-system", [
    {
      overrides: [
        { tagOverrides: { host: { value: "request.host" }, source_app: { operation: "REMOVE" } } },
      ],
    },
  ]);
  const second = telemetry("shop", [
    {
      overrides: [
        {
          match: { customMetric: "requests_total", mode: "CLIENT" },
          tagOverrides: {
            host: { value: "string(destination.port)" },
            odd: { value: "no | expression" },
            refused: { value: "[1].all(x, x > 0)" },
            "": { value: "'of no name'" },
          },
        },
      ],
    },
  ]);
  const query = { namespace: "shop", labels: {}, rootNamespace: "istio-system" };
  const of = (side: TelemetrySide) =>
    proxyMetrics(tableOf(first, second), BY_DEFAULT, { ...query, side });
  const farther = { host: { cel: "request.host" }, source_app: "removed" };
  expect(of("CLIENT").REQUEST_COUNT).toEqual({ ...farther, host: { cel: "destination.port" } });
  expect(of("CLIENT").REQUEST_SIZE).toEqual(farther);
  expect(of("SERVER").REQUEST_COUNT).toEqual(farther);
});
