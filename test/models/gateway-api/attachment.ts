/** Which routes are at which listeners, for which hosts. See ParentReference and HTTPRouteSpec.hostnames. */
import { common } from "../routing/hosts.js";
import { hostOfListener, listenersAt, type PlacedListener, takes } from "./listeners.js";
import type { AnyRoute, ParentRef, World } from "./objects.js";

/** A host that a route has at a listener, and the route's own of which it is a part. */
export interface AttachedHost {
  readonly host: string;
  readonly own: string;
}

/** A route at a listener. */
export interface Attachment {
  readonly listener: PlacedListener;
  readonly route: AnyRoute;
  readonly hosts: readonly AttachedHost[];
}

const GROUP = "gateway.networking.k8s.io";

/** `group/Kind` of a parent. */
export const typeOf = ({
  group = "gateway.networking.k8s.io",
  kind = "Gateway",
}: ParentRef): string => `${group}/${kind}`;

/** The hosts that a route and a listener have in common: none where one of the two says none is any. */
function hostsAt(route: AnyRoute, listener: PlacedListener): readonly AttachedHost[] {
  const { hostnames = [] } = route.spec;
  const names = hostnames.length === 0 ? ["*"] : hostnames;
  return names.flatMap((own) => {
    const host = common(own, hostOfListener(listener));
    return host === undefined ? [] : [{ host, own }];
  });
}

/** Whether routes at a parent are at listeners. */
export const hasListeners = (parent: ParentRef): boolean =>
  [`${GROUP}/Gateway`, `${GROUP}/ListenerSet`].includes(typeOf(parent));

/** The listeners that a parent of a route means and that take the route. Who names a Gateway means none that are added to it. */
export function attachmentsOf(
  world: World,
  route: AnyRoute,
  parent: ParentRef,
): readonly Attachment[] {
  const { namespace } = route.metadata;
  return world.gateways
    .flatMap((gateway) => listenersAt(world, gateway))
    .filter(
      ({ owner }) =>
        typeOf(parent) === `${GROUP}/${owner.kind}` &&
        owner.name === parent.name &&
        owner.namespace === (parent.namespace ?? namespace),
    )
    .filter(({ name }) => (parent.sectionName ?? name) === name)
    .filter(({ port }) => (parent.port ?? port) === port)
    .filter((one) => takes(world, one, { kind: route.kind, namespace }))
    .map((listener) => ({ listener, route, hosts: hostsAt(route, listener) }))
    .filter(({ hosts }) => hosts.length > 0);
}
