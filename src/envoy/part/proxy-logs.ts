import type { Engine } from "../../base/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";
import type { ListenerLogs } from "./logs.js";
import type { Logs } from "./scopes.js";

/** Finds what a proxy logs on one side. */
export type LogFinder = (mesh: Pick<Mesh, "telemetries" | "config">) => ListenerLogs;

/** The finder of what a proxy logs, which depends on nothing but Telemetries and the configuration of the mesh. */
export function createLogFinder(
  { engine, logs }: { readonly engine: Engine; readonly logs: Logs },
  { namespace, labels, type }: Proxy,
  side: "CLIENT" | "SERVER",
): LogFinder {
  const find = engine.latest("logs", (telemetries: Mesh["telemetries"], config: Mesh["config"]) =>
    logs({ telemetries, config }, { namespace, labels, side, router: type === "router" }),
  );
  return ({ telemetries, config }) => find(telemetries, config);
}
