/** What gateways with servers of mode AUTO_PASSTHROUGH may pass connections to. */
import { type Engine, sameElements } from "../../base/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Service } from "../../mesh/service/service.js";
import type { ClusterKey } from "../names.js";
import type { ResourceSet } from "../resource/resource-set.js";

const NONE: readonly ClusterKey[] = [];

/** The names of the clusters of services that can be passed on to, sorted. */
function namesIn(clusters: ResourceSet, services: Mesh["servicesByHost"]): readonly string[] {
  return [...clusters.keys()]
    .filter((name) => {
      const [direction, , , hostname = ""] = name.split("|");
      const known = direction === "outbound" ? services.get(hostname) : undefined;
      return known !== undefined && [...known.values()].some(isPassed);
    })
    .sort();
}

/** Calls to services outside of the mesh carry no mutual TLS of it, and names that Envoy resolves have no endpoints here. */
export const isPassed = ({ external, resolution }: Service): boolean =>
  !external && resolution === "static";

function keyOf(name: string): ClusterKey {
  const [, port = "", subset = "", hostname = ""] = name.split("|");
  return { port: Number(port), subset, hostname };
}

/** Finds out whether there are such gateways at all. */
export function createPassing(engine: Engine): (gateways: Mesh["gateways"]) => boolean {
  return engine.memo("gateways that pass mutual TLS on", (gateways: Mesh["gateways"]) =>
    [...gateways.values()].some(({ spec }) =>
      (spec.servers ?? []).some(({ tls }) => tls?.mode === "AUTO_PASSTHROUGH"),
    ),
  );
}

/** The builder of these: nothing in a mesh without such a server, and the same list for as long as it says the same. */
export function createPassedPorts(
  engine: Engine,
): (mesh: Mesh, clusters: ResourceSet) => readonly ClusterKey[] {
  const isAsked = createPassing(engine);
  const names = engine.memo("ports that are passed on", namesIn);
  const settle = engine.settle<readonly string[]>(sameElements);
  const keys = engine.memo("keys that are passed on", (all: readonly string[]) => all.map(keyOf));
  return ({ gateways, servicesByHost }, clusters) =>
    isAsked(gateways) ? keys(settle(names(clusters, servicesByHost))) : NONE;
}
