/**
 * Istio's metrics from a stock Envoy: access loggers that count requests and connections instead of writing lines. Istio's own
 * filter learns about the peer by metadata exchange. Here the labels come from what the proxy has: its node for itself, the
 * endpoint's metadata for whom it calls, and the certificate for who calls it.
 */

import { callerState } from "../../config/kinds/telemetry/caller-state.js";
import {
  CANONICAL_NAME,
  CANONICAL_REVISION,
} from "../../config/kinds/telemetry/canonical-labels.js";
import type { MetricValue } from "../../config/kinds/telemetry/metric-expression.js";
import { ENDPOINT_METADATA } from "../../config/kinds/telemetry/peer-attributes.js";
import {
  type MadeMetric,
  METRIC_NAMES,
  type ProxyMetrics,
  type TagChanges,
} from "../../mesh/telemetry/metrics.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";
import { METRICS_SCOPE } from "../names.js";
import { CONNECTED } from "./access-log.js";
import { cel, type Format, firstOf, firstOr, operator, ownLabel } from "./format.js";
import { WORKLOAD_LABELS, type WorkloadLabels } from "./workload-labels.js";

/** Who tells: the sidecar or gateway that calls, or the proxy of who is called. */
export type Teller = "sidecar" | "gateway" | "server";

/** The loggers of metrics. */
export interface MetricLogs {
  /** For requests. */
  readonly requests: readonly AccessLogJson[];
  /** For connections. */
  readonly connections: readonly AccessLogJson[];
}

const SCOPE = { prefix: METRICS_SCOPE, enableEviction: true };

/** What every node says of itself, and what only some do. */
const node = (key: string): Format => `%CEL(xds.node.metadata.${key})%`;
const label = (name: string): Format => firstOf(ownLabel(name));

/** What the endpoint that was chosen says of itself. */
const endpoint = (key: string): Format =>
  firstOf(operator("UPSTREAM_METADATA", `${ENDPOINT_METADATA}:${key}`));

/** What the certificate of who calls told, as `callerFilter` kept it. */
const caller = (key: string): Format =>
  firstOf(operator("FILTER_STATE", `${callerState(key)}:PLAIN`));

/** The proxy's own workload. */
const OWN: Readonly<Record<keyof WorkloadLabels, Format>> = {
  workload: node("WORKLOAD_NAME"),
  canonical_service: label(CANONICAL_NAME),
  canonical_revision: label(CANONICAL_REVISION),
  workload_namespace: node("NAMESPACE"),
  app: label("app"),
  version: label("version"),
  cluster: node("CLUSTER_ID"),
};

const tagsOf = (
  side: "source" | "destination",
  formats: Readonly<Record<string, Format>>,
): Record<string, Format> =>
  Object.fromEntries(Object.entries(formats).map(([part, value]) => [`${side}_${part}`, value]));

const SERVICE = "xds.cluster_metadata.filter_metadata.istio.services[0]";

/**
 * The service that is called: of the cluster. A request for a host of no service names the host, on sidecars' way out: at
 * gateways anybody could have them make as many metrics as there are names.
 */
function serviceTags(teller: Teller): Record<string, Format> {
  const fallback = teller === "sidecar" ? [cel("request.host")] : [];
  return {
    destination_service: firstOf(cel(`${SERVICE}.host`), ...fallback),
    destination_service_name: firstOf(cel(`${SERVICE}.name`), cel("xds.cluster_name")),
    destination_service_namespace: firstOf(cel(`${SERVICE}.namespace`)),
  };
}

function peerTags(teller: Teller): Record<string, Format> {
  if (teller !== "server") {
    const told = Object.fromEntries(WORKLOAD_LABELS.map((label) => [label, endpoint(label)]));
    return {
      reporter: "source",
      ...tagsOf("source", OWN),
      source_principal: firstOf(cel("upstream.uri_san_local_certificate")),
      ...tagsOf("destination", told),
      destination_principal: firstOf(cel("upstream.uri_san_peer_certificate")),
    };
  }
  const told = Object.fromEntries(WORKLOAD_LABELS.map((label) => [label, caller(label)]));
  return {
    reporter: "destination",
    ...tagsOf("source", told),
    source_principal: firstOf(cel("connection.uri_san_peer_certificate")),
    ...tagsOf("destination", OWN),
    destination_principal: firstOf(cel("connection.uri_san_local_certificate")),
  };
}

/** Only who is called knows it. */
const securityPolicy = (teller: Teller): Format =>
  teller === "server" ? "%CEL(connection.mtls ? 'mutual_tls' : 'none')%" : "unknown";

const IS_GRPC = "request.headers['content-type'].startsWith('application/grpc')";

/** Nothing for other requests; -1 for what gRPC does not know: who answers could make up as many metrics as there are numbers. */
const GRPC_STATUS = firstOr("", cel(`${IS_GRPC} ? response.grpc_status : ''`));

/** Istio's labels of a metric. See Istio, "Istio Standard Metrics". */
function standardTags(
  teller: Teller,
  { isHttp }: Pick<Occasion, "isHttp">,
): Record<string, Format> {
  return {
    ...peerTags(teller),
    ...serviceTags(teller),
    request_protocol: isHttp ? firstOr("http", cel(`${IS_GRPC} ? 'grpc' : 'http'`)) : "tcp",
    ...(isHttp ? { response_code: "%RESPONSE_CODE%", grpc_response_status: GRPC_STATUS } : {}),
    response_flags: "%RESPONSE_FLAGS%",
    connection_security_policy: securityPolicy(teller),
  };
}

interface StatJson {
  readonly name: string;
  readonly tags: readonly { readonly name: string; readonly valueFormat: Format }[];
}

/** A tag's value; `unknown` where it has none, as Istio has it. */
function formatOf(value: MetricValue): Format {
  if ("cel" in value) return firstOf(cel(value.cel));
  const [first = "", ...others] = value.joined;
  return [firstOf(cel(first)), ...others.map((one) => firstOr("", cel(one)))].join("");
}

function stat(metric: MadeMetric, standard: Record<string, Format>, changes: TagChanges): StatJson {
  const own = Object.entries(changes).map(
    ([name, change]) => [name, change === "removed" ? undefined : formatOf(change)] as const,
  );
  const tags = Object.entries({ ...standard, ...Object.fromEntries(own) });
  return {
    name: METRIC_NAMES[metric],
    tags: tags.flatMap(([name, valueFormat]) =>
      valueFormat === undefined ? [] : [{ name, valueFormat }],
    ),
  };
}

/** What a metric counts: one for each entry, or a value of it. */
type Counted = { readonly valueFixed: 1 } | { readonly valueFormat: Format };

const COUNTED: Partial<Readonly<Record<MadeMetric, Counted>>> = {
  REQUEST_COUNT: { valueFixed: 1 },
  TCP_OPENED_CONNECTIONS: { valueFixed: 1 },
  TCP_CLOSED_CONNECTIONS: { valueFixed: 1 },
  TCP_SENT_BYTES: { valueFormat: "%BYTES_SENT%" },
  TCP_RECEIVED_BYTES: { valueFormat: "%BYTES_RECEIVED%" },
};

const MEASURED: Partial<Readonly<Record<MadeMetric, object>>> = {
  REQUEST_DURATION: { unit: "Milliseconds", valueFormat: "%DURATION%" },
  REQUEST_SIZE: { unit: "Bytes", valueFormat: "%CEL(request.total_size)%" },
  RESPONSE_SIZE: { unit: "Bytes", valueFormat: "%CEL(response.total_size)%" },
};

/** Which metrics are made at once, of which entries. */
interface Occasion {
  readonly metrics: readonly MadeMetric[];
  readonly isHttp: boolean;
  readonly filter?: AccessLogFilterJson;
}

const REQUESTS: Occasion = {
  metrics: ["REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE"],
  isHttp: true,
};

const CONNECTIONS: readonly Occasion[] = [
  {
    metrics: ["TCP_OPENED_CONNECTIONS"],
    isHttp: false,
    filter: { logTypeFilter: { types: [CONNECTED] } },
  },
  {
    metrics: ["TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES"],
    isHttp: false,
    filter: { logTypeFilter: { types: ["TcpConnectionEnd"] } },
  },
];

function logger(
  { metrics, filter, ...occasion }: Occasion,
  made: ProxyMetrics,
  teller: Teller,
): readonly AccessLogJson[] {
  const standard = standardTags(teller, occasion);
  const of = <V extends object>(kinds: Partial<Readonly<Record<MadeMetric, V>>>): object[] =>
    metrics.flatMap((metric) => {
      const changes = made[metric];
      const kind = kinds[metric];
      if (changes === undefined || kind === undefined) return [];
      return [{ stat: stat(metric, standard, changes), ...kind }];
    });
  const [counters, histograms] = [of(COUNTED), of(MEASURED)];
  if (counters.length + histograms.length === 0) return [];
  return [
    {
      name: "envoy.access_loggers.stats",
      ...(filter === undefined ? {} : { filter }),
      typedConfig: any("envoy.extensions.access_loggers.stats.v3.Config", {
        statsScope: SCOPE,
        ...(counters.length === 0 ? {} : { counters }),
        ...(histograms.length === 0 ? {} : { histograms }),
      }),
    },
  ];
}

/** The loggers that make a proxy's metrics of what it tells; none where it makes none. */
export function metricLogs(made: ProxyMetrics, teller: Teller): MetricLogs {
  return {
    requests: logger(REQUESTS, made, teller),
    connections: CONNECTIONS.flatMap((occasion) => logger(occasion, made, teller)),
  };
}
