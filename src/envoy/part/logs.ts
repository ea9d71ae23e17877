/** The access logs of a proxy, settled so that equal logs are one object. */
import type { Engine } from "../../base/engine.js";
import { accessLogs, type LogTarget } from "../../mesh/access-logging.js";
import type { TelemetryQuery } from "../../mesh/applied-telemetry.js";
import type { Mesh } from "../../mesh/mesh.js";
import { type ProxyMetrics, proxyMetrics } from "../../mesh/metrics.js";
import { CONNECTED, fileAccessLog, listenerAccessLog } from "../access-log.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";
import { metricLogs, type Teller } from "../metrics-log.js";

/** What a listener logs, and counts. */
export interface ListenerLogs {
  /** Of requests. */
  readonly accessLog: readonly AccessLogJson[];
  /** Of connections. */
  readonly connectionLog: readonly AccessLogJson[];
  /** Of connections that find no filter chain. */
  readonly listenerLog: readonly AccessLogJson[];
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
type LogInputs = Pick<Mesh, "telemetries" | "config">;

/** Whose logs are asked for. */
export interface LogQuery extends Omit<TelemetryQuery, "rootNamespace"> {
  /** Of a gateway, not of a sidecar. */
  readonly router: boolean;
}

/** What a proxy writes and counts on a side. */
interface Told {
  readonly targets: readonly LogTarget[];
  readonly metrics: ProxyMetrics;
  readonly teller: Teller;
  readonly listener: boolean;
}

function tellerOf({ side, router }: LogQuery): Teller {
  if (side === "SERVER") return "server";
  return router ? "gateway" : "sidecar";
}

function listenerLogs({ targets, metrics, teller, listener }: Told): ListenerLogs {
  const files = targets.map((target) => fileAccessLog(target, filterOf(target)));
  const { requests, connections } = metricLogs(metrics, teller);
  const isToldOfBeginnings = metrics.TCP_OPENED_CONNECTIONS !== undefined;
  return {
    accessLog: [...files, ...requests],
    connectionLog: [...(isToldOfBeginnings ? files.map(atTheEnd) : files), ...connections],
    listenerLog: listener ? targets.map(listenerAccessLog) : [],
  };
}

/** Where one proxy's requests are logged, by side. The same object for as long as it says the same. */
export function createLogs(engine: Engine): (mesh: LogInputs, query: LogQuery) => ListenerLogs {
  const told = engine.memo(
    "access logs",
    (telemetries: Mesh["telemetries"], config: Mesh["config"], query: string): string => {
      const asked = JSON.parse(query) as LogQuery;
      const { rootNamespace, disableEnvoyListenerLog } = config;
      const whole = { ...asked, rootNamespace };
      return JSON.stringify({
        targets: accessLogs(telemetries, config, whole),
        metrics: proxyMetrics(telemetries, config, whole),
        teller: tellerOf(asked),
        listener: !disableEnvoyListenerLog,
      } satisfies Told);
    },
  );
  // By their text: most proxies log alike, and then share one object.
  const built = engine.memo("loggers", (_owner: Engine, text: string) =>
    listenerLogs(JSON.parse(text) as Told),
  );
  return (mesh, { namespace, labels, side, router }) =>
    built(
      engine,
      told(mesh.telemetries, mesh.config, JSON.stringify({ namespace, labels, side, router })),
    );
}
