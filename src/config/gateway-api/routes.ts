/** The kinds of routes of the Gateway API, and what they have in common. */
import type { ParentReference } from "../kinds/gateway-api/parents.js";
import type { ConfigResource, ResourceRef } from "../resource.js";

/** The kinds of routes. */
export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute";

/** A route of any kind. */
export type RouteResource = ConfigResource<{
  readonly parentRefs?: readonly ParentReference[];
  readonly hostnames?: readonly string[];
}>;

/** A route, as its parents see it. */
export interface RouteHead {
  readonly ref: ResourceRef & { readonly kind: RouteKind };
  readonly parents: readonly ParentReference[];
  /** None for any. */
  readonly hostnames: readonly string[];
}

/** What the parents of a route see of it. */
export function routeHead(kind: RouteKind, { metadata, spec }: RouteResource): RouteHead {
  const { namespace, name } = metadata;
  const { parentRefs = [], hostnames = [] } = spec;
  return { ref: { kind, namespace, name }, parents: parentRefs, hostnames };
}
