/** The clusters to which gateways with servers of mode AUTO_PASSTHROUGH may pass mutual TLS on. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Service } from "../../mesh/service/service.js";
import type { ClusterKey } from "../names.js";
import type { ResourceSet } from "../resource/resource-set.js";

const NONE: readonly ClusterKey[] = [];

/** Their names, sorted. */
function namesIn(clusters: ResourceSet, services: Mesh["servicesByHost"]): readonly string[] {
  return [...clusters.keys()]
    .filter((name) => {
      const [direction, , , hostname = ""] = name.split("|");
      const known = direction === "outbound" ? services.get(hostname) : undefined;
      return known !== undefined && [...known.values()].some(isPassed);
    })
    .sort();
}

/** Whether a service can be called so. One outside of the mesh does not speak its mutual TLS, and one that Envoy resolves has no endpoints here. */
export const isPassed = ({ external, resolution }: Service): boolean =>
  !external && resolution === "static";

function keyOf(name: string): ClusterKey {
  const [, port = "", subset = "", hostname = ""] = name.split("|");
  return { port: Number(port), subset, hostname };
}

/** Finds out whether any gateway has such a server. */
export function createPassing(engine: Engine): (gateways: Mesh["gateways"]) => boolean {
  return engine.memo("gateways that pass mutual TLS on", (gateways: Mesh["gateways"]) =>
    [...gateways.values()].some(({ spec }) =>
      (spec.servers ?? []).some(({ tls }) => tls?.mode === "AUTO_PASSTHROUGH"),
    ),
  );
}

/** The builder of the list of them: empty in a mesh without such a server, and the same object until it changes. */
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
