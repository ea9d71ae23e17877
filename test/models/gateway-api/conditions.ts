/** What the status of objects would say that is amiss, as fairlead tells it: one code each, by object. */
import { attachmentsOf, hasListeners, typeOf } from "./attachment.js";
import { findBackend, isGranted, isKnownKind } from "./backends.js";
import { callablesOf } from "./callables.js";
import { isParent, MESH_PARENTS, meantPorts } from "./in-mesh.js";
import { isFaulty, listenersAt, takesSet } from "./listeners.js";
import {
  type AnyRoute,
  type BackendRef,
  type Declared,
  type Gateway,
  type ListenerSet,
  type ParentRef,
  routesOf,
  type World,
} from "./objects.js";

/** Accepted is False: NoMatchingParent, NotAllowedByListeners, NoMatchingListenerHostname. */
const UNATTACHED = "unattached-route";
/** ResolvedRefs is False: RefNotPermitted. */
const NOT_GRANTED = "reference-not-granted";
/** ResolvedRefs is False: BackendNotFound, InvalidKind; or a parent is not there at all. */
const NOT_FOUND = "IST0101";
/** Of a listener: Accepted, ResolvedRefs or Programmed is False. */
const UNSERVED = "unserved-listener";

const SET = "gateway.networking.k8s.io/ListenerSet";

/** The Gateway to which a set adds its listeners. */
const gatewayOf = (
  { gateways }: World,
  { spec: { parentRef } }: ListenerSet,
): Gateway | undefined =>
  gateways.find(
    ({ metadata }) =>
      metadata.name === parentRef.name && metadata.namespace === parentRef.namespace,
  );

function ofParent(world: World, route: AnyRoute, parent: ParentRef): string | undefined {
  const { namespace } = route.metadata;
  const type = typeOf(parent);
  const isMeant = ({ metadata }: Declared<unknown>): boolean =>
    metadata.name === parent.name && metadata.namespace === (parent.namespace ?? namespace);
  if (type in MESH_PARENTS) {
    const found = callablesOf(world).find((one) => isParent(parent, namespace, one));
    if (found === undefined) return NOT_FOUND;
    return meantPorts(found, parent).length === 0 ? UNATTACHED : undefined;
  }
  if (!hasListeners(parent)) return UNATTACHED;
  const owners: readonly Declared<unknown>[] = type === SET ? world.listenerSets : world.gateways;
  if (!owners.some(isMeant)) return NOT_FOUND;
  // Whose a set is that names no Gateway nobody can tell: it is the set that is told.
  const set = type === SET ? world.listenerSets.find(isMeant) : undefined;
  if (set !== undefined && gatewayOf(world, set) === undefined) return undefined;
  return attachmentsOf(world, route, parent).length === 0 ? UNATTACHED : undefined;
}

function ofBackend(world: World, route: AnyRoute, backend: BackendRef): string | undefined {
  const { kind, metadata, spec } = route;
  const needsGrant = (spec.parentRefs ?? []).some(hasListeners);
  if (!isKnownKind(backend)) return NOT_FOUND;
  if (!isGranted(world, backend, { kind, namespace: metadata.namespace, needsGrant })) {
    return NOT_GRANTED;
  }
  return findBackend(world, backend, metadata.namespace) === undefined ? NOT_FOUND : undefined;
}

function ofRoute(world: World, route: AnyRoute): readonly string[] {
  const { parentRefs = [], rules = [] } = route.spec;
  const backends = rules.flatMap(({ backendRefs = [], filters = [] }): readonly BackendRef[] => [
    ...backendRefs,
    ...filters.flatMap((one) =>
      one.type === "RequestMirror" ? [one.requestMirror.backendRef] : [],
    ),
  ]);
  const all = [
    ...(parentRefs.length === 0 ? [UNATTACHED] : []),
    ...parentRefs.map((one) => ofParent(world, route, one)),
    ...backends.map((one) => ofBackend(world, route, one)),
  ];
  return all.filter((one) => one !== undefined);
}

const KINDS = { Gateway: "KubernetesGateway", ListenerSet: "ListenerSet" } as const;

/** Of those who have a listener with which something is amiss, and of sets that no Gateway takes. */
function ofListeners(world: World): readonly string[] {
  const faulty = world.gateways
    .flatMap((gateway) => listenersAt(world, gateway))
    .filter((one) => isFaulty(world, one))
    .map(
      ({ owner: { kind, name, namespace } }) => `${KINDS[kind]} ${name}.${namespace}: ${UNSERVED}`,
    );
  const sets = world.listenerSets.flatMap((set) => {
    const gateway = gatewayOf(world, set);
    if (gateway !== undefined && takesSet(world, gateway, set)) return [];
    const code = gateway === undefined ? NOT_FOUND : UNSERVED;
    return [`ListenerSet ${set.metadata.name}.${set.metadata.namespace}: ${code}`];
  });
  return [...faulty, ...sets];
}

/** `Kind name.namespace: code`, sorted, each once. */
export function conditionsOf(world: World): readonly string[] {
  const ofRoutes = routesOf(world).flatMap((route) =>
    ofRoute(world, route).map(
      (code) => `${route.kind} ${route.metadata.name}.${route.metadata.namespace}: ${code}`,
    ),
  );
  return [...new Set([...ofRoutes, ...ofListeners(world)])].sort();
}
