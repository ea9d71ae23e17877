/** What routes may name in other namespaces than their own. See Kubernetes' Gateway API, ReferenceGrant. */
import type { Table } from "../../base/table/table.js";
import type { BackendObjectReference } from "../kinds/gateway-api/backends.js";
import { GATEWAY_API_GROUP } from "../kinds/gateway-api/names.js";
import type { ResourceOf } from "../kinds.js";
import type { RouteKind } from "./routes.js";

/** Whether a route may send requests or connections to a backend: one of its namespace, or one that was granted it. */
export function mayUseBackend(
  grants: Table<ResourceOf<"ReferenceGrant">>,
  route: { readonly kind: RouteKind; readonly namespace: string },
  { group = "", kind = "Service", name, namespace = route.namespace }: BackendObjectReference,
): boolean {
  if (namespace === route.namespace) return true;
  return [...grants.values()].some(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      spec.from.some(
        (from) =>
          from.group === GATEWAY_API_GROUP &&
          from.kind === route.kind &&
          from.namespace === route.namespace,
      ) &&
      spec.to.some(
        (to) =>
          to.group === group && to.kind === kind && (to.name === undefined || to.name === name),
      ),
  );
}
