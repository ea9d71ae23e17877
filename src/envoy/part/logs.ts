/** The access logs of a proxy, settled so that equal logs are one object. */
import type { Engine } from "../../base/engine.js";
import { accessLogs, type LogQuery, type LogTarget } from "../../mesh/access-logging.js";
import type { Mesh } from "../../mesh/mesh.js";
import { fileAccessLog, listenerAccessLog } from "../access-log.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";

/** What a listener logs. */
export interface ListenerLogs {
  /** Of requests and connections. */
  readonly accessLog: readonly AccessLogJson[];
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

/** What of a mesh the logs depend on. */
type LogInputs = Pick<Mesh, "telemetries" | "config">;

/** Where one proxy's requests are logged, by side. The same object for as long as it says the same. */
export function createLogs(
  engine: Engine,
): (mesh: LogInputs, query: Omit<LogQuery, "rootNamespace">) => ListenerLogs {
  const targets = engine.memo(
    "access logs",
    (telemetries: Mesh["telemetries"], config: Mesh["config"], query: string): string => {
      const asked = JSON.parse(query) as Omit<LogQuery, "rootNamespace">;
      const { rootNamespace } = config;
      return JSON.stringify(accessLogs(telemetries, config, { ...asked, rootNamespace }));
    },
  );
  // By their text: most proxies log alike, and then share one object.
  const built = engine.memo("loggers", (_owner: Engine, text: string, listener: boolean) => {
    const all = JSON.parse(text) as readonly LogTarget[];
    return {
      accessLog: all.map((target) => fileAccessLog(target, filterOf(target))),
      listenerLog: listener ? all.map(listenerAccessLog) : [],
    };
  });
  return (mesh, { namespace, labels, side }) =>
    built(
      engine,
      targets(mesh.telemetries, mesh.config, JSON.stringify({ namespace, labels, side })),
      !mesh.config.disableEnvoyListenerLog,
    );
}
