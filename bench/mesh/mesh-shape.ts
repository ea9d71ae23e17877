/** The mesh that is measured: services spread over namespaces, each with as many endpoints. */
export interface MeshShape {
  readonly services: number;
  readonly namespaces: number;
  /** Of each service. */
  readonly endpoints: number;
}

/** The last part of an address goes from 1 to this. */
const HOSTS = 250;

/** The namespace of a service. */
export function namespaceOf({ namespaces }: MeshShape, service: number): string {
  return `ns-${service % namespaces}`;
}

/** The host of a service. */
export function hostOf(shape: MeshShape, service: number): string {
  return `svc-${service}.${namespaceOf(shape, service)}.svc.cluster.local`;
}

/** The virtual address of a service. */
export function virtualAddress(service: number): string {
  return `240.240.${Math.floor(service / HOSTS)}.${(service % HOSTS) + 1}`;
}

/** The address of an endpoint, on loopback. */
export function endpointAddress(
  { endpoints }: MeshShape,
  service: number,
  endpoint: number,
): string {
  const index = service * endpoints + endpoint;
  const net = 10 + Math.floor(index / HOSTS ** 2);
  return `127.${net}.${Math.floor(index / HOSTS) % HOSTS}.${(index % HOSTS) + 1}`;
}

/** Of so many services one is split between two subsets by a VirtualService and a DestinationRule. */
export const SPLIT_EVERY = 5;
