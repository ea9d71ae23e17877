import { delegatePart, sourcePart } from "../../console/source-resource.js";
import type { RouteConfigurationJson, RouteJson } from "../../envoy/api.js";
import type { CommandContext } from "../context.js";
import type { ProxyOptions } from "../proxy-source.js";

/**
 * Where the control plane has read what made each route, as `FILE:LINE`, that of a delegate first; empty for what it does not
 * know, and for all where none runs or a saved dump is shown, which may be of another mesh.
 */
export async function placesOfRoutes(
  context: CommandContext,
  options: ProxyOptions,
  tables: readonly RouteConfigurationJson[],
): Promise<(route: RouteJson) => string> {
  const routes = tables
    .flatMap(({ virtualHosts = [] }) => virtualHosts)
    .flatMap((host) => host.routes ?? []);
  const found = routes.flatMap((route) =>
    [delegatePart(route.metadata), sourcePart(route.metadata)].flatMap((part) =>
      part === undefined ? [] : [{ route, ...part }],
    ),
  );
  if (options.file !== undefined || found.length === 0) return () => "";
  const parts = found.map(({ ref, path }) => ({ ...ref, path: path.map(String) }));
  const { askControlPlane, NoControlPlaneError } = await import("../connect.js");
  try {
    const { sources = [] } = await askControlPlane(context, options, (client) =>
      client.locate({ parts }),
    );
    const places = new Map<RouteJson, readonly string[]>();
    for (const [i, { route }] of found.entries()) {
      const { file = "", line = 0 } = sources[i] ?? {};
      if (file !== "") places.set(route, [...(places.get(route) ?? []), `${file}:${line}`]);
    }
    return (route) => places.get(route)?.join(", ") ?? "";
  } catch (error) {
    if (error instanceof NoControlPlaneError) return () => "";
    throw error;
  }
}
