/** The rules of TCPRoutes and TLSRoutes as routes of VirtualServices. See Istio, convertTCPRoute and convertTLSRoute. */
import type { BackendRef } from "../../config/kinds/gateway-api/backends.js";
import type {
  TCPRoute,
  TLSRoute,
} from "../../config/kinds/networking/virtual-service/l4-routes.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { Made } from "./attached-route.js";
import { type BackendContext, NOWHERE } from "./backend.js";
import { sharedDestinations } from "./backend-weights.js";

/** What the rules of a TCPRoute mean. */
export function tcpRouteRules(
  resource: ResourceOf<"TCPRoute">,
  context: BackendContext,
): readonly Made<TCPRoute>[] {
  const ref = refOf(resource);
  return resource.spec.rules.map(({ backendRefs }, index) => ({
    route: destinations(backendRefs, context),
    part: { ref, path: `rules[${index}]` },
  }));
}

/** What the rules of a TLSRoute mean, for connections of some server names; `*` is any. */
export function tlsRouteRules(
  resource: ResourceOf<"TLSRoute">,
  names: readonly string[],
  context: BackendContext,
): readonly Made<TLSRoute>[] {
  const ref = refOf(resource);
  return resource.spec.rules.map(({ backendRefs }, index) => ({
    route: { match: [{ sniHosts: names }], ...destinations(backendRefs, context) },
    part: { ref, path: `rules[${index}]` },
  }));
}

/** The destinations of the backends. Without any, connections go to `NOWHERE`, and so end at once. */
function destinations(
  backends: readonly BackendRef[] = [],
  context: BackendContext,
): Pick<TCPRoute, "route"> {
  const shared = sharedDestinations(backends, context);
  if (shared.length === 0) return { route: [{ destination: NOWHERE }] };
  return { route: shared.map(({ destination, share }) => ({ destination, ...share })) };
}
