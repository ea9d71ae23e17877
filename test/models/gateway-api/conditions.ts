/** What the status of objects would say that is amiss, as fairlead tells it: one code each, by object. */
import { attachmentsOf, typeOf } from "./attachment.js";
import { findService, isGranted, isService } from "./backends.js";
import { meantPorts } from "./in-mesh.js";
import { isFaulty } from "./listeners.js";
import { type AnyRoute, type BackendRef, type ParentRef, routesOf, type World } from "./objects.js";

/** Accepted is False: NoMatchingParent, NotAllowedByListeners, NoMatchingListenerHostname. */
const UNATTACHED = "unattached-route";
/** ResolvedRefs is False: RefNotPermitted. */
const NOT_GRANTED = "reference-not-granted";
/** ResolvedRefs is False: BackendNotFound, InvalidKind; or a parent is not there at all. */
const NOT_FOUND = "IST0101";
/** Of a listener: Accepted, ResolvedRefs or Programmed is False. */
const UNSERVED = "unserved-listener";

const SERVICE = "/Service";
const GATEWAY = "gateway.networking.k8s.io/Gateway";

function ofParent(world: World, route: AnyRoute, parent: ParentRef): string | undefined {
  const { namespace } = route.metadata;
  const type = typeOf(parent);
  const isMeant = ({ metadata }: World["gateways"][number] | World["services"][number]): boolean =>
    metadata.name === parent.name && metadata.namespace === (parent.namespace ?? namespace);
  if (type === SERVICE) {
    const service = world.services.find(isMeant);
    if (service === undefined) return NOT_FOUND;
    return meantPorts(service, parent).length === 0 ? UNATTACHED : undefined;
  }
  if (type !== GATEWAY) return UNATTACHED;
  if (!world.gateways.some(isMeant)) return NOT_FOUND;
  return attachmentsOf(world, route, parent).length === 0 ? UNATTACHED : undefined;
}

function ofBackend(world: World, route: AnyRoute, backend: BackendRef): string | undefined {
  const { kind, metadata, spec } = route;
  const needsGrant = (spec.parentRefs ?? []).some((one) => typeOf(one) === GATEWAY);
  if (!isService(backend)) return NOT_FOUND;
  if (!isGranted(world, backend, { kind, namespace: metadata.namespace, needsGrant })) {
    return NOT_GRANTED;
  }
  return findService(world, backend, metadata.namespace) === undefined ? NOT_FOUND : undefined;
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

/** `Kind name.namespace: code`, sorted, each once. */
export function conditionsOf(world: World): readonly string[] {
  const ofRoutes = routesOf(world).flatMap((route) =>
    ofRoute(world, route).map(
      (code) => `${route.kind} ${route.metadata.name}.${route.metadata.namespace}: ${code}`,
    ),
  );
  const ofGateways = world.gateways.flatMap((gateway) =>
    gateway.spec.listeners.some((one) => isFaulty(world, gateway, one))
      ? [`KubernetesGateway ${gateway.metadata.name}.${gateway.metadata.namespace}: ${UNSERVED}`]
      : [],
  );
  return [...new Set([...ofRoutes, ...ofGateways])].sort();
}
