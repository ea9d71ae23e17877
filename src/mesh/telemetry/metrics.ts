/** Which of Istio's metrics a proxy produces, and with which tags. See Istio, Telemetry.metrics. */
import type { Table } from "../../base/table/table.js";
import {
  type MetricValue,
  metricExpression,
} from "../../config/kinds/telemetry/metric-expression.js";
import type {
  IstioMetric,
  Metrics,
  MetricsOverride,
  TagOverride,
} from "../../config/kinds/telemetry/telemetry.js";
import { telemetryProvider } from "../../config/mesh-config/extension-provider.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
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

/** What becomes of the tags of a metric: by name another value, or that the tag is left out. */
export type TagChanges = Readonly<Record<string, MetricValue | "removed">>;

/** What a proxy makes on one side: by metric, how its tags differ from Istio's. */
export type ProxyMetrics = Partial<Readonly<Record<MadeMetric, TagChanges>>>;

/** What was said of the metrics of one provider on one side. */
interface Said {
  /** No metric is made, until something is said of one again. */
  readonly allDisabled: boolean;
  readonly overrides: readonly MetricsOverride[];
}

const NOTHING_SAID: Said = { allDisabled: false, overrides: [] };

const isPrometheus = ({ extensionProviders }: MeshConfig, name: string): boolean =>
  telemetryProvider(extensionProviders, name)?.prometheus !== undefined;

const namesOf = ({ providers = [] }: Metrics): readonly string[] =>
  providers.map(({ name }) => name);

const isOfAll = ({ match = {} }: MetricsOverride): boolean =>
  match.customMetric === undefined && (match.metric ?? "ALL_METRICS") === "ALL_METRICS";

/**
 * Who switches all metrics off at once has none made; who says anything of any later has all made again, each as is said of
 * it by itself.
 */
function applyOverride({ overrides }: Said, override: MetricsOverride): Said {
  if (isOfAll(override) && override.disabled === true) return { allDisabled: true, overrides };
  return { allDisabled: false, overrides: [...overrides, override] };
}

/**
 * What is said of the metrics of one provider. Who names providers speaks of those, who names none of those that were named
 * last. What differs adds up, the later over the earlier. See Istio, mergeMetrics.
 */
function saidOf(
  provider: string,
  metrics: readonly Metrics[],
  byDefault: readonly string[],
  side: TelemetrySide,
): Said {
  let spokenOf = byDefault;
  let said = NOTHING_SAID;
  for (const one of metrics) {
    const named = namesOf(one);
    spokenOf = named.length > 0 ? named : spokenOf;
    if (!spokenOf.includes(provider)) continue;
    const overrides = (one.overrides ?? []).filter(({ match }) => covers(match?.mode, side));
    said = overrides.reduce(applyOverride, said);
  }
  return said;
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
  return "problem" in expression ? undefined : expression;
}

/** What is made of a metric; undefined when it is switched off. */
function changesOf(
  metric: MadeMetric,
  overrides: readonly MetricsOverride[],
): TagChanges | undefined {
  const own = overrides.filter((one) => isFor(metric, one));
  const disabled = own.map((one) => one.disabled).findLast((one) => one !== undefined);
  return disabled === true ? undefined : tagsOf(own);
}

/**
 * The metrics of a workload's proxy on one side: all of them where the mesh configuration or a Telemetry names a provider for
 * Prometheus, but for what Telemetries say otherwise. The providers that are named last are given them. Of several for
 * Prometheus, which would be given the same, the first counts. See Istio, Telemetry.metrics.
 */
export function proxyMetrics(
  telemetries: Table<Telemetry>,
  mesh: MeshConfig,
  query: TelemetryQuery,
): ProxyMetrics {
  const metrics = appliedTelemetries(telemetries, query).flatMap(({ spec }) => spec.metrics ?? []);
  const byDefault = mesh.defaultProviders.metrics ?? [];
  const inScope = metrics.map(namesOf).findLast((names) => names.length > 0) ?? byDefault;
  const said = inScope
    .filter((name) => isPrometheus(mesh, name))
    .sort()
    .map((name) => saidOf(name, metrics, byDefault, query.side))
    .find(({ allDisabled }) => !allDisabled);
  if (said === undefined) return {};
  return Object.fromEntries(
    ALL_METRICS.flatMap((metric) => {
      const changes = changesOf(metric, said.overrides);
      return changes === undefined ? [] : [[metric, changes]];
    }),
  );
}

/** Whether any proxy of the mesh may make metrics. */
export function makesMetrics(telemetries: Table<Telemetry>, mesh: MeshConfig): boolean {
  const named = [...telemetries.values()].flatMap(({ spec }) =>
    (spec.metrics ?? []).flatMap(namesOf),
  );
  const names = [...(mesh.defaultProviders.metrics ?? []), ...named];
  return names.some((name) => isPrometheus(mesh, name));
}
