import type { Engine } from "../../base/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { ResourceSet } from "../resource/resource-set.js";
import type { LogInputs, Logs, ProxyLogs } from "./proxy-logs.js";

/** Finds what a proxy logs on one side. */
export type LogFinder = (mesh: LogInputs, clusters: ResourceSet) => ProxyLogs;

/**
 * Makes the finder for a proxy. What it logs depends on Telemetries, on the mesh configuration, and on which of the services that
 * these name the proxy has a cluster for.
 */
export function createLogFinder(
  { engine, logs }: { readonly engine: Engine; readonly logs: Logs },
  { namespace, labels, type, workloadName, serviceName, tracing }: Proxy,
  side: "CLIENT" | "SERVER",
): LogFinder {
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
