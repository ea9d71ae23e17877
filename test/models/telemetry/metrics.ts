/** Which metrics are made, with which labels. Telemetry.metrics; how several entries go together is Istio's mergeMetrics. */
import { isOf } from "./applied.js";
import type { MeshConfig, Metrics, Override, Side, Telemetry } from "./objects.js";

/** By the name of a label the expression that was said for it, or `""` for that which all have. */
export type Labels = Readonly<Record<string, string>>;
/** By the name of a metric. */
export type MetricsDescription = Readonly<Record<string, Labels>>;

/** "Istio Standard Metrics", for HTTP and for TCP. */
export const REQUEST_METRICS = {
  REQUEST_COUNT: "istio_requests_total",
  REQUEST_DURATION: "istio_request_duration_milliseconds",
  REQUEST_SIZE: "istio_request_bytes",
  RESPONSE_SIZE: "istio_response_bytes",
} as const;

export const CONNECTION_METRICS = {
  TCP_OPENED_CONNECTIONS: "istio_tcp_connections_opened_total",
  TCP_CLOSED_CONNECTIONS: "istio_tcp_connections_closed_total",
  TCP_SENT_BYTES: "istio_tcp_sent_bytes_total",
  TCP_RECEIVED_BYTES: "istio_tcp_received_bytes_total",
} as const;

const OF_WORKLOADS =
  "workload canonical_service canonical_revision workload_namespace principal app version cluster";

const COMMON = [
  "reporter",
  ...OF_WORKLOADS.split(" ").flatMap((one) => [`source_${one}`, `destination_${one}`]),
  ..."destination_service destination_service_name destination_service_namespace".split(" "),
  ..."request_protocol connection_security_policy response_flags".split(" "),
];

const OF_REQUESTS = ["response_code", "grpc_response_status"];

const standard = (names: readonly string[]): Labels =>
  Object.fromEntries(names.map((name) => [name, ""]));

const namesOf = ({ providers = [] }: Metrics): readonly string[] =>
  providers.map(({ name }) => name);

/** What is said of the metrics of a provider, in its order. */
function overridesFor(
  provider: string,
  entries: readonly Metrics[],
  side: Side,
  byDefault: readonly string[],
): readonly Override[] {
  let spokenOf = byDefault;
  return entries.flatMap((entry) => {
    const named = namesOf(entry);
    if (named.length > 0) spokenOf = named;
    if (!spokenOf.includes(provider)) return [];
    return (entry.overrides ?? []).filter(({ match }) => isOf(side, match?.mode));
  });
}

const isOfAll = ({ match = {} }: Override): boolean =>
  match.customMetric === undefined && (match.metric ?? "ALL_METRICS") === "ALL_METRICS";

const isOff = (override: Override): boolean => isOfAll(override) && override.disabled === true;

function labelsOf(overrides: readonly Override[], labels: Labels): Labels | undefined {
  const said = overrides.map(({ disabled }) => disabled).filter((one) => one !== undefined);
  if (said.at(-1) === true) return undefined;
  const changed = new Map(Object.entries(labels));
  for (const { tagOverrides = {} } of overrides) {
    for (const [name, { operation = "UPSERT", value = "" }] of Object.entries(tagOverrides)) {
      if (operation === "UPSERT") changed.set(name, value);
      else changed.delete(name);
    }
  }
  return Object.fromEntries(changed);
}

/**
 * The metrics of one side. Those of the provider for Prometheus are made, where it is among those that were named last.
 * Whoever switches all off at once has none made until something is said of a metric again.
 */
export function metricsOf(
  specs: readonly Telemetry["spec"][],
  side: Side,
  mesh: MeshConfig,
  names: Readonly<Record<string, string>>,
): MetricsDescription {
  const entries = specs.flatMap(({ metrics = [] }) => metrics);
  const byDefault = mesh.defaultProviders.metrics ?? [];
  const inScope =
    entries
      .map(namesOf)
      .filter((one) => one.length > 0)
      .at(-1) ?? byDefault;
  const overrides = overridesFor("prom", entries, side, byDefault);
  const ending = overrides.at(-1);
  if (!inScope.includes("prom") || (ending !== undefined && isOff(ending))) return {};
  const isHttp = "REQUEST_COUNT" in names;
  const labels = standard(isHttp ? [...COMMON, ...OF_REQUESTS] : COMMON);
  const metrics = Object.entries(names).map(([metric, name]): [string, Labels | undefined] => {
    // What switches all off at once is not said of each.
    const own = overrides
      .filter((one) => !isOff(one))
      .filter((one) => isOfAll(one) || one.match?.metric === metric);
    return [name, labelsOf(own, labels)];
  });
  return Object.fromEntries(
    metrics.flatMap(([name, own]) => (own === undefined ? [] : [[name, own]])),
  );
}
