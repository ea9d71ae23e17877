/** Where routes send requests and connections. See BackendRef, BackendObjectReference and ReferenceGrant. */
import { answerersOf, type Callable, callablesOf } from "./callables.js";
import type { BackendRef, RouteKind, WeightedBackend, World } from "./objects.js";

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

/** Whether a backend is a Service, or a host of the mesh, which is Istio's kind. */
export const isKnownKind = (backend: BackendRef): boolean =>
  isHostname(backend) || (backend.group ?? "") + (backend.kind ?? "Service") === "Service";

const isHostname = ({ group, kind }: BackendRef): boolean =>
  group === "networking.istio.io" && kind === "Hostname";

/** What a backend of a route of a namespace names; undefined of what is not there. */
export function findBackend(world: World, backend: BackendRef, own: string): Callable | undefined {
  const { name, namespace = own } = backend;
  if (!isKnownKind(backend)) return undefined;
  if (isHostname(backend)) {
    // "A Hostname has no namespace."
    return backend.namespace === undefined
      ? callablesOf(world).find(({ host }) => host === name)
      : undefined;
  }
  return callablesOf(world).find(
    ({ kind, metadata }) =>
      kind === "Service" && metadata.name === name && metadata.namespace === namespace,
  );
}

/** Who a backend is; undefined of one that is not there, or may not be named. */
export function targetOf(world: World, backend: BackendRef, by: Namer): Target | undefined {
  const found = findBackend(world, backend, by.namespace);
  const port = found?.ports.find((one) => one.number === backend.port);
  if (found === undefined || port === undefined || !isGranted(world, backend, by)) {
    return undefined;
  }
  return { host: found.host, port: port.number, workloads: answerersOf(world, found) };
}

/** The backends that get something: "if weight is set to 0, no traffic should be forwarded for this entry". */
export const receiving = (backends: readonly WeightedBackend[]): readonly WeightedBackend[] =>
  backends.filter(({ weight = 1 }) => weight > 0);
