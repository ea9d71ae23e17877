/** What routes of the Gateway API are attached to. */
import { type ParentReference, parentType } from "../../config/kinds/gateway-api/parents.js";
import type { MeshParent } from "./attached-route.js";

/** The Services and ServiceEntries among the parents of a route. */
export function meshParentsOf(
  parents: readonly ParentReference[],
  routeNamespace: string,
): readonly MeshParent[] {
  return parents.flatMap((parent): readonly MeshParent[] => {
    const kind = parentType(parent);
    if (kind !== "Service" && kind !== "ServiceEntry") return [];
    const { name, namespace = routeNamespace, port } = parent;
    return [{ kind, key: `${namespace}/${name}`, port }];
  });
}
