/** What a proxy tells of requests and connections, settled so that what is equal is one object. */
import type { Engine } from "../../base/engine.js";
import { accessLogs, type LogTarget } from "../../mesh/access-logging.js";
import type { TelemetryQuery } from "../../mesh/applied-telemetry.js";
import type { Mesh } from "../../mesh/mesh.js";
import { type ProxyMetrics, proxyMetrics } from "../../mesh/metrics.js";
import type { ProviderHosts } from "../../mesh/security-policies.js";
import { type ProxyTracing, proxyTracing } from "../../mesh/tracing.js";
import { CONNECTED, fileAccessLog, listenerAccessLog } from "../access-log.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";
import { metricLogs, type Teller } from "../metrics-log.js";
import type { ResourceSet } from "../resource-set.js";
import { collectorCluster } from "../tracer.js";
import { type RequestTracing, requestTracing, type Traced } from "../tracing.js";

/** What a listener logs, counts and traces. */
export interface ListenerLogs {
  /** Of requests. */
  readonly accessLog: readonly AccessLogJson[];
  /** Of connections. */
  readonly connectionLog: readonly AccessLogJson[];
  /** Of connections that find no filter chain. */
  readonly listenerLog: readonly AccessLogJson[];
  /** The spans of requests; undefined where nothing is traced. */
  readonly tracing: RequestTracing | undefined;
}

function filterOf({ filter }: LogTarget): AccessLogFilterJson | undefined {
  if (filter === undefined) return undefined;
  return {
    extensionFilter: {
      name: "envoy.access_loggers.extension_filters.cel",
      typedConfig: any("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", {
        expression: filter,
      }),
    },
  };
}

/** A log of connections that is written when they end, where metrics have entries be made when they begin as well. */
function atTheEnd({ filter, ...rest }: AccessLogJson): AccessLogJson {
  const ended: AccessLogFilterJson = { logTypeFilter: { types: [CONNECTED], exclude: true } };
  return {
    ...rest,
    filter: filter === undefined ? ended : { andFilter: { filters: [ended, filter] } },
  };
}

/** What of a mesh the logs depend on. */
export type LogInputs = Pick<Mesh, "telemetries" | "config" | "security">;

/** Whose requests are asked about. */
export type LogQuery = Omit<TelemetryQuery, "rootNamespace"> & Traced;

/** The tracing of a proxy, and whose spans they are. */
interface ToldTracing extends Traced {
  readonly made: ProxyTracing;
}

/** What a proxy writes, counts and traces on a side. */
interface Told {
  readonly targets: readonly LogTarget[];
  readonly metrics: ProxyMetrics;
  readonly teller: Teller;
  readonly listener: boolean;
  readonly tracing?: ToldTracing;
}

function tellerOf({ side, router }: LogQuery): Teller {
  if (side === "SERVER") return "server";
  return router ? "gateway" : "sidecar";
}

/** The same as text, by which equal ones are found. */
interface Settled {
  readonly text: string;
  /** Without the cluster to which spans are reported. */
  readonly untraced: string;
  readonly collector?: string;
}

/** An Envoy refuses a listener whose tracer has no cluster, so that without it there is no tracing. */
function settle(told: Omit<Told, "tracing">, tracing: ToldTracing | undefined): Settled {
  const untraced = JSON.stringify(told);
  if (tracing === undefined) return { text: untraced, untraced };
  const text = JSON.stringify({ ...told, tracing } satisfies Told);
  return { text, untraced, collector: collectorCluster(tracing.made) };
}

function listenerLogs({ targets, metrics, teller, listener, tracing }: Told): ListenerLogs {
  const files = targets.map((target) => fileAccessLog(target, filterOf(target)));
  const { requests, connections } = metricLogs(metrics, teller);
  const isToldOfBeginnings = metrics.TCP_OPENED_CONNECTIONS !== undefined;
  return {
    accessLog: [...files, ...requests],
    connectionLog: [...(isToldOfBeginnings ? files.map(atTheEnd) : files), ...connections],
    listenerLog: listener ? targets.map(listenerAccessLog) : [],
    tracing: tracing && requestTracing(tracing.made, tracing),
  };
}

/** What one proxy tells of its requests on a side, of a mesh and the clusters that it has. */
export type Logs = (mesh: LogInputs, query: LogQuery, clusters: ResourceSet) => ListenerLogs;

/** The finder of these. The same object for as long as it says the same and somebody holds it. */
export function createLogs(engine: Engine): Logs {
  const told = engine.memo(
    "access logs",
    (
      telemetries: Mesh["telemetries"],
      config: Mesh["config"],
      hosts: ProviderHosts,
      query: string,
    ): Settled => {
      const asked = JSON.parse(query) as LogQuery;
      const { router, serviceName } = asked;
      const { rootNamespace, disableEnvoyListenerLog } = config;
      const whole = { ...asked, rootNamespace };
      const made = proxyTracing(telemetries, config, hosts, whole);
      const named = serviceName === undefined ? {} : { serviceName };
      return settle(
        {
          targets: accessLogs(telemetries, config, whole),
          metrics: proxyMetrics(telemetries, config, whole),
          teller: tellerOf(asked),
          listener: !disableEnvoyListenerLog,
        },
        made && { made, router, ...named },
      );
    },
  );
  // By their text: most proxies log alike, and then share one object.
  const built = engine.held("loggers", (text) => listenerLogs(JSON.parse(text) as Told));
  return ({ telemetries, config, security }, query, clusters) => {
    const { namespace, labels, side, router, serviceName } = query;
    const asked = JSON.stringify({ namespace, labels, side, router, serviceName });
    const { text, untraced, collector } = told(telemetries, config, security.providerHosts, asked);
    const isReachable = collector !== undefined && clusters.has(collector);
    return built(isReachable ? text : untraced);
  };
}
