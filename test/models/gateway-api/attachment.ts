/** Which routes are at which listeners, for which hosts. See ParentReference and HTTPRouteSpec.hostnames. */
import { common } from "../routing/hosts.js";
import { hostOfListener, takes } from "./listeners.js";
import type { AnyRoute, Gateway, Listener, ParentRef, World } from "./objects.js";

/** A host that a route has at a listener, and the route's own of which it is a part. */
export interface AttachedHost {
  readonly host: string;
  readonly own: string;
}

/** A route at a listener. */
export interface Attachment {
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly route: AnyRoute;
  readonly hosts: readonly AttachedHost[];
}

const GATEWAY = "gateway.networking.k8s.io/Gateway";

/** `group/Kind` of a parent. */
export const typeOf = ({
  group = "gateway.networking.k8s.io",
  kind = "Gateway",
}: ParentRef): string => `${group}/${kind}`;

/** The hosts that a route and a listener have in common: none where one of the two says none is any. */
function hostsAt(route: AnyRoute, listener: Listener): readonly AttachedHost[] {
  const { hostnames = [] } = route.spec;
  const names = hostnames.length === 0 ? ["*"] : hostnames;
  return names.flatMap((own) => {
    const host = common(own, hostOfListener(listener));
    return host === undefined ? [] : [{ host, own }];
  });
}

/** The listeners that a parent of a route means and that take the route. */
export function attachmentsOf(
  world: World,
  route: AnyRoute,
  parent: ParentRef,
): readonly Attachment[] {
  if (typeOf(parent) !== GATEWAY) return [];
  const { namespace } = route.metadata;
  const gateway = world.gateways.find(
    ({ metadata }) =>
      metadata.name === parent.name && metadata.namespace === (parent.namespace ?? namespace),
  );
  if (gateway === undefined) return [];
  return gateway.spec.listeners
    .filter(({ name }) => (parent.sectionName ?? name) === name)
    .filter(({ port }) => (parent.port ?? port) === port)
    .filter((one) => takes(world, gateway, one, { kind: route.kind, namespace }))
    .map((listener) => ({ gateway, listener, route, hosts: hostsAt(route, listener) }))
    .filter(({ hosts }) => hosts.length > 0);
}
