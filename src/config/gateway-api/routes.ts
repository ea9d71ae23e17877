/** The kinds of routes of the Gateway API, and what they have in common. */
import type { BackendObjectReference } from "../kinds/gateway-api/backends.js";
import type { ParentReference } from "../kinds/gateway-api/parents.js";
import type { ConfigResource, ResourceRef } from "../resource.js";

/** The kinds of routes. */
export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute";

/** The rules of a route of any kind, as far as they name backends. */
export type BackendRules = readonly {
  readonly backendRefs?: readonly BackendObjectReference[];
  readonly filters?: readonly {
    readonly requestMirror?: { readonly backendRef: BackendObjectReference };
    readonly externalAuth?: { readonly backendRef: BackendObjectReference };
  }[];
}[];

/** A route of any kind. */
export type RouteResource = ConfigResource<{
  readonly parentRefs?: readonly ParentReference[];
  readonly hostnames?: readonly string[];
  readonly rules?: BackendRules;
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
