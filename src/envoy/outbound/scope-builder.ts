import type { Mesh } from "../../mesh/mesh.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
import type { SidePatches } from "../patch/patched-sets.js";
import type { ResourceSet } from "../resource/resource-set.js";
import type { ProxyLogs } from "../telemetry/proxy-logs.js";
import type { LocalityPart } from "./locality-part.js";
import type { OutboundPart } from "./outbound-part.js";

/** Makes what the proxies of one scope share, once for each mesh. */
export interface ScopeBuilder {
  readonly part: (mesh: Mesh) => OutboundPart;
  /** Only for sidecars that capture: those of the others depend on the proxy. */
  readonly listeners: (mesh: Mesh) => ResourceSet;
  readonly logs: (mesh: Mesh) => ProxyLogs;
  /** The clusters and endpoints of the part as callers of a locality prefer them. */
  readonly atLocality: (mesh: Mesh, locality: ClientLocality) => LocalityPart;
  /** The patches that all of these have already been through. */
  readonly patches: (mesh: Mesh) => SidePatches | undefined;
}

/** The clusters and endpoints of a scope's callers at a locality: where no host is balanced by it, all of them have one part. */
export function partAt(
  scope: ScopeBuilder,
  mesh: Mesh,
  locality: () => ClientLocality,
): LocalityPart {
  const part = scope.part(mesh);
  return part.localityViews.size === 0 ? part : scope.atLocality(mesh, locality());
}
