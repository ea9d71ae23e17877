/** Which of Istio's metrics a proxy makes of what goes through it, and with which tags. */
import type { Table } from "../base/table.js";
import { telemetryProvider } from "../config/extension-provider.js";
import { metricExpression } from "../config/kinds/metric-expression.js";
import type {
  IstioMetric,
  Metrics,
  MetricsOverride,
  TagOverride,
} from "../config/kinds/telemetry.js";
import type { MeshConfig } from "../config/mesh-config.js";
import {
  appliedTelemetries,
  covers,
  type Telemetry,
  type TelemetryQuery,
  type TelemetrySide,
} from "./applied-telemetry.js";

/** The metrics that Envoy's logger of statistics can make, by Istio's word for each, with their names. */
export const METRIC_NAMES = {
  REQUEST_COUNT: "istio_requests_total",
  REQUEST_DURATION: "istio_request_duration_milliseconds",
  REQUEST_SIZE: "istio_request_bytes",
  RESPONSE_SIZE: "istio_response_bytes",
  TCP_OPENED_CONNECTIONS: "istio_tcp_connections_opened_total",
  TCP_CLOSED_CONNECTIONS: "istio_tcp_connections_closed_total",
  TCP_SENT_BYTES: "istio_tcp_sent_bytes_total",
  TCP_RECEIVED_BYTES: "istio_tcp_received_bytes_total",
} as const satisfies Partial<Record<IstioMetric, string>>;

/** One of the metrics that are made. */
export type MadeMetric = keyof typeof METRIC_NAMES;

const ALL_METRICS = Object.keys(METRIC_NAMES) as readonly MadeMetric[];

/** What becomes of the tags of a metric: by name an expression of CEL, or that the tag is left out. */
export type TagChanges = Readonly<Record<string, { readonly cel: string } | "removed">>;

/** What a proxy makes on one side: by metric, how its tags differ from Istio's. */
export type ProxyMetrics = Partial<Readonly<Record<MadeMetric, TagChanges>>>;

/** Who is given the metrics, and what differs of them. */
interface Effective {
  readonly isMade: boolean;
  readonly overrides: readonly MetricsOverride[];
}

/** A provider that is not in the mesh configuration, or no Prometheus, is given nothing. */
function hasPrometheus({ extensionProviders }: MeshConfig, names: readonly string[]): boolean {
  return names.some(
    (name) => telemetryProvider(extensionProviders, name)?.prometheus !== undefined,
  );
}

/**
 * Who names providers says anew who is given the metrics. What differs of those that a Prometheus is given adds up, the
 * later over the earlier; what is said of others is not for it. See Istio, mergeMetrics.
 */
function apply(mesh: MeshConfig, before: Effective, metrics: Metrics): Effective {
  const { providers = [], overrides = [] } = metrics;
  const names = providers.map(({ name }) => name);
  const isMade = names.length > 0 ? hasPrometheus(mesh, names) : before.isMade;
  return { isMade, overrides: isMade ? [...before.overrides, ...overrides] : before.overrides };
}

/** Istio's names of metrics of one's own are those of Prometheus without `istio_`. */
function isFor(metric: MadeMetric, { match = {} }: MetricsOverride): boolean {
  if (match.customMetric !== undefined) {
    return METRIC_NAMES[metric] === `istio_${match.customMetric}`;
  }
  return match.metric === undefined || match.metric === "ALL_METRICS" || match.metric === metric;
}

function tagsOf(overrides: readonly MetricsOverride[]): TagChanges {
  const changes = overrides.flatMap(({ tagOverrides = {} }) => Object.entries(tagOverrides));
  return Object.fromEntries(
    changes.flatMap(([name, override]) => {
      const change = changeOf(override);
      // A tag without a name is told of, and Envoy would take no listener for it.
      return change === undefined || name === "" ? [] : [[name, change] as const];
    }),
  );
}

/** undefined for a value that Envoy would not take, of which its own diagnostic tells. */
function changeOf({ operation, value = "" }: TagOverride): TagChanges[string] | undefined {
  if (operation === "REMOVE") return "removed";
  const expression = metricExpression(value);
  return "cel" in expression ? expression : undefined;
}

/** What is made of a metric; undefined when it is switched off. */
function changesOf(
  metric: MadeMetric,
  side: TelemetrySide,
  overrides: readonly MetricsOverride[],
): TagChanges | undefined {
  const own = overrides.filter((one) => covers(one.match?.mode, side) && isFor(metric, one));
  const disabled = own.map((one) => one.disabled).findLast((one) => one !== undefined);
  return disabled === true ? undefined : tagsOf(own);
}

/**
 * The metrics of a workload's proxy on one side: all of them where the mesh configuration or a Telemetry names a provider for
 * Prometheus, but for what Telemetries say otherwise. See Istio, Telemetry.metrics.
 */
export function proxyMetrics(
  telemetries: Table<Telemetry>,
  mesh: MeshConfig,
  query: TelemetryQuery,
): ProxyMetrics {
  const said = appliedTelemetries(telemetries, query).flatMap(({ spec }) => spec.metrics ?? []);
  const initial: Effective = {
    isMade: hasPrometheus(mesh, mesh.defaultProviders.metrics ?? []),
    overrides: [],
  };
  const { isMade, overrides } = said.reduce((before, one) => apply(mesh, before, one), initial);
  if (!isMade) return {};
  return Object.fromEntries(
    ALL_METRICS.flatMap((metric) => {
      const changes = changesOf(metric, query.side, overrides);
      return changes === undefined ? [] : [[metric, changes]];
    }),
  );
}

/** Whether any proxy of the mesh may make metrics. */
export function makesMetrics(telemetries: Table<Telemetry>, mesh: MeshConfig): boolean {
  const named = [...telemetries.values()].flatMap(({ spec }) =>
    (spec.metrics ?? []).flatMap(({ providers = [] }) => providers.map(({ name }) => name)),
  );
  return hasPrometheus(mesh, [...(mesh.defaultProviders.metrics ?? []), ...named]);
}
