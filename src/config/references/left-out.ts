import { isDiscovered, type Selectors } from "../discovered-tables.js";
import type { Finding } from "../kind.js";
import type { Kind } from "../kinds.js";
import type { ConfigResource } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";

/** The kinds of which those in the root namespace are for the whole mesh. */
export const ROOT_KINDS = [
  "AuthorizationPolicy",
  "DestinationRule",
  "EnvoyFilter",
  "PeerAuthentication",
  "RequestAuthentication",
  "Sidecar",
  "Telemetry",
] as const satisfies readonly Kind[];

/** The root namespace where no selector takes it, so that what is there is for nobody; `""` where it is the mesh's. */
export function leftOutRoot(
  rootNamespace: string,
  selectors: Selectors,
  namespaces: ResourceTables["Namespace"],
): string {
  if (selectors.length === 0) return "";
  const declared = namespaces.get(`/${rootNamespace}`);
  return isDiscovered(rootNamespace, declared, selectors) ? "" : rootNamespace;
}

/** Warns of one that is meant for the whole mesh, and left out with its namespace. */
export function checkLeftOut({ metadata }: ConfigResource, root: string): readonly Finding[] {
  if (metadata.namespace !== root) return [];
  const message = `none of the mesh's discoverySelectors takes "${root}", its root namespace, so that the resource has no effect`;
  return [{ path: ["metadata", "namespace"], code: "left-out", message, severity: "warning" }];
}
