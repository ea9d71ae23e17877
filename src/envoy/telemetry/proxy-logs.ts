/** The logs, metrics and traces of a proxy's listeners. Equal ones are one object. */
import type { Engine } from "../../base/engine/engine.js";
import type { TracingSettings } from "../../config/mesh-config/mesh-config-schema.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { ProviderHosts } from "../../mesh/security/security-policies.js";
import { accessLogs, type LogTarget } from "../../mesh/telemetry/access-logging.js";
import type { TelemetryQuery } from "../../mesh/telemetry/applied-telemetry.js";
import { type ProxyMetrics, proxyMetrics } from "../../mesh/telemetry/metrics.js";
import { type ProxyTracing, proxyTracing } from "../../mesh/telemetry/tracing.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";
import type { ResourceSet } from "../resource/resource-set.js";
import { sharedConfig } from "../wire/shared-message.js";
import { CONNECTED, fileAccessLog } from "./access-log.js";
import type { ListenerLogs } from "./listener-logs.js";
import { metricLogs, type Teller } from "./metrics-log.js";
import { callerFilter } from "./peer-description.js";
import { logServiceCluster, serviceAccessLog } from "./service-access-log.js";
import { collectorCluster } from "./tracer.js";
import { requestTracing, type Traced } from "./tracing.js";

/** What the listeners of a proxy log, count and trace on a side. */
export interface ProxyLogs extends ListenerLogs {
  /** The clusters of the services that logs and spans are sent to. */
  readonly clusters: readonly string[];
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

/** A filter that lets through what both let through. */
function both(
  first: AccessLogFilterJson,
  second: AccessLogFilterJson | undefined,
): AccessLogFilterJson {
  return second === undefined ? first : { andFilter: { filters: [first, second] } };
}

/** A log that is written when connections end. Needed when metrics have Envoy make entries at their beginning too. */
function atTheEnd({ filter, ...rest }: AccessLogJson): AccessLogJson {
  const ended: AccessLogFilterJson = { logTypeFilter: { types: [CONNECTED], exclude: true } };
  return { ...rest, filter: both(ended, filter) };
}

/** The listener's own log: connections for which there is no filter chain or cluster (flag NR), which nobody else sees. */
function ofListener({ filter, ...rest }: AccessLogJson): AccessLogJson {
  return { ...rest, filter: both({ responseFlagFilter: { flags: ["NR"] } }, filter) };
}

function logger(target: LogTarget): AccessLogJson {
  const filter = filterOf(target);
  return "service" in target ? serviceAccessLog(target, filter) : fileAccessLog(target, filter);
}

/** What of a mesh the logs depend on. */
export type LogInputs = Pick<Mesh, "telemetries" | "config" | "security">;

/** Whose requests are asked about. */
export type LogQuery = Omit<TelemetryQuery, "rootNamespace"> &
  Traced & {
    /** What their proxies say of their spans. */
    readonly tracing?: TracingSettings | undefined;
  };

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

/** The same with what it depends on. */
interface Settled {
  readonly told: Told;
  /** The clusters of those that are told. */
  readonly collectors: readonly string[];
}

const clusterOf = (target: LogTarget): readonly string[] =>
  "service" in target ? [logServiceCluster(target)] : [];

function collectorsOf({ targets, tracing }: Pick<Told, "targets" | "tracing">): readonly string[] {
  const tracer = tracing === undefined ? [] : [collectorCluster(tracing.made)];
  return [...new Set([...targets.flatMap(clusterOf), ...tracer])];
}

/**
 * As text, by which equal ones are found. Nobody is told who cannot be called: an Envoy refuses a listener whose tracer has
 * no cluster.
 */
function textOf({ told }: Settled, ...missing: readonly string[]): string {
  const { tracing, ...rest } = told;
  const isTraced = tracing !== undefined && !missing.includes(collectorCluster(tracing.made));
  return JSON.stringify({
    ...rest,
    targets: told.targets.filter((target) =>
      clusterOf(target).every((name) => !missing.includes(name)),
    ),
    ...(isTraced ? { tracing } : {}),
  } satisfies Told);
}

function listenerLogs(told: Told): ProxyLogs {
  const { targets, metrics, teller, listener, tracing } = told;
  const loggers = targets.map(logger);
  const { requests, connections } = metricLogs(metrics, teller);
  const isToldOfBeginnings = metrics.TCP_OPENED_CONNECTIONS !== undefined;
  return {
    accessLog: [...loggers, ...requests].map(sharedConfig),
    connectionLog: [...(isToldOfBeginnings ? loggers.map(atTheEnd) : loggers), ...connections].map(
      sharedConfig,
    ),
    callerFilters:
      teller === "server" && requests.length + connections.length > 0
        ? [sharedConfig(callerFilter())]
        : [],
    listenerLog: listener ? loggers.map(ofListener) : [],
    tracing: tracing && requestTracing(tracing.made, tracing),
    clusters: collectorsOf(told),
  };
}

/** What one proxy tells of its requests on a side, of a mesh and the clusters that it has. */
export type Logs = (mesh: LogInputs, query: LogQuery, clusters: ResourceSet) => ProxyLogs;

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
      const settled: Told = {
        targets: accessLogs(telemetries, config, hosts, whole),
        metrics: proxyMetrics(telemetries, config, whole),
        teller: tellerOf(asked),
        listener: !disableEnvoyListenerLog,
        ...(made === undefined ? {} : { tracing: { made, router, ...named } }),
      };
      return { told: settled, collectors: collectorsOf(settled) };
    },
  );
  const text = engine.memo("access logs without some", textOf);
  // By their text: most proxies log alike, and then share one object.
  const built = engine.held("loggers", (whole) => listenerLogs(JSON.parse(whole) as Told));
  return ({ telemetries, config, security }, query, clusters) => {
    const { namespace, labels, side, router, serviceName, tracing } = query;
    const asked = JSON.stringify({ namespace, labels, side, router, serviceName, tracing });
    const settled = told(telemetries, config, security.providerHosts, asked);
    const missing = settled.collectors.filter((name) => !clusters.has(name));
    return built(text(settled, ...missing));
  };
}

/**
 * Makes the finder for a proxy. What it logs depends on Telemetries, on the mesh configuration, and on which of the services that
 * these name the proxy has a cluster for.
 */
export function createLogFinder(
  { engine, logs }: { readonly engine: Engine; readonly logs: Logs },
  { namespace, labels, type, workloadName, serviceName, tracing }: Proxy,
  side: "CLIENT" | "SERVER",
): (mesh: LogInputs, clusters: ResourceSet) => ProxyLogs {
  const query = {
    namespace,
    labels,
    side,
    router: type === "router",
    serviceName: serviceName ?? `${workloadName}.${namespace}`,
    tracing,
  };
  const find = engine.latest(
    "logs",
    (
      telemetries: Mesh["telemetries"],
      config: Mesh["config"],
      security: Mesh["security"],
      clusters: ResourceSet,
    ) => logs({ telemetries, config, security }, query, clusters),
  );
  return ({ telemetries, config, security }, clusters) =>
    find(telemetries, config, security, clusters);
}
