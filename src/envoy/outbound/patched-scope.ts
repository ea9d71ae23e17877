/** What the proxies of a scope share, as EnvoyFilters change it. */
import type { Engine } from "../../base/engine/engine.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
import type { Patching, SidePatches } from "../patch/patched-sets.js";
import type { LocalityPart } from "./locality-part.js";
import type { OutboundPart } from "./outbound-part.js";
import type { ScopeBuilder } from "./scope-builder.js";

/** A scope after the patches of its side. */
export function patchedScope(
  engine: Engine,
  patching: Patching,
  plain: ScopeBuilder,
  patchesOf: (mesh: Mesh) => SidePatches | undefined,
): ScopeBuilder {
  const clusters = patching.clusters();
  const routes = patching.routes();
  const listeners = patching.listeners();
  const part = engine.latestOf("patched outbound part", (mesh: Mesh): OutboundPart => {
    const patches = patchesOf(mesh);
    const all = plain.part(mesh);
    return {
      ...all,
      clusters: clusters(all.clusters, patches),
      routes: engine.lazy(() => routes(all.routes.get(), patches)),
    };
  });
  const atLocality = engine.memo("patched part of a locality", (locality: ClientLocality) => {
    const own = patching.clusters();
    return engine.latestOf("patched part of a locality", (mesh: Mesh): LocalityPart => {
      const all = plain.atLocality(mesh, locality);
      return { ...all, clusters: own(all.clusters, patchesOf(mesh)) };
    });
  });
  return {
    ...plain,
    part,
    listeners: (mesh) => listeners(plain.listeners(mesh), patchesOf(mesh)),
    atLocality: (mesh, locality) => atLocality(locality)(mesh),
    patches: patchesOf,
  };
}
