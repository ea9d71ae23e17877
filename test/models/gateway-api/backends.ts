/** Where routes send requests and connections. See BackendRef, BackendObjectReference and ReferenceGrant. */
import {
  type BackendRef,
  type RouteKind,
  type Service,
  selects,
  type WeightedBackend,
  type World,
} from "./objects.js";

/** Who is called. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The names of those who answer, `name.namespace`. */
  readonly workloads: readonly string[];
}

/** Who names a backend. */
export interface Namer {
  readonly kind: RouteKind;
  readonly namespace: string;
  /** Whether backends of other namespaces have to be granted: at Gateways. */
  readonly needsGrant: boolean;
}

/** Whether a route may name a backend: "a ReferenceGrant object is required in the referent namespace". */
export function isGranted(
  world: World,
  { group = "", kind = "Service", name, namespace }: BackendRef,
  by: Namer,
): boolean {
  if (!by.needsGrant || namespace === undefined || namespace === by.namespace) return true;
  return world.referenceGrants.some(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      spec.from.some(
        (from) =>
          from.group === "gateway.networking.k8s.io" &&
          from.kind === by.kind &&
          from.namespace === by.namespace,
      ) &&
      spec.to.some((to) => to.group === group && to.kind === kind && (to.name ?? name) === name),
  );
}

/** Whether a backend is one: "support: Core for Kubernetes Service". */
export const isService = ({ group = "", kind = "Service" }: BackendRef): boolean =>
  group === "" && kind === "Service";

/** The Service that a backend of a route of a namespace names. */
export const findService = (
  world: World,
  { name, namespace }: BackendRef,
  own: string,
): Service | undefined =>
  world.services.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === (namespace ?? own),
  );

/** Who a backend is; undefined of one that is not there, is no Service, or may not be named. */
export function targetOf(world: World, backend: BackendRef, by: Namer): Target | undefined {
  if (!isService(backend) || !isGranted(world, backend, by)) return undefined;
  const service = findService(world, backend, by.namespace);
  const port = service?.spec.ports.find((one) => one.port === backend.port);
  if (service === undefined || port === undefined) return undefined;
  const { name, namespace } = service.metadata;
  return {
    host: `${name}.${namespace}.svc.cluster.local`,
    port: port.port,
    workloads: world.workloads
      .filter((one) => one.namespace === namespace && selects(service.spec.selector, one.labels))
      .map((one) => `${one.name}.${one.namespace}`),
  };
}

/** The backends that get something: "if weight is set to 0, no traffic should be forwarded for this entry". */
export const receiving = (backends: readonly WeightedBackend[]): readonly WeightedBackend[] =>
  backends.filter(({ weight = 1 }) => weight > 0);
