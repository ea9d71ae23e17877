/** Where the routes of the Gateway API send requests and connections. See Istio, buildDestination. */

import type { BackendObjectReference } from "../../config/kinds/gateway-api/backends.js";
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../hostname.js";

/** A backend, seen from a route of a namespace. */
export interface BackendContext {
  readonly namespace: string;
  /** Whether the route may send anything there: where not, what is sent there ends in an error. */
  readonly isGranted: (backend: BackendObjectReference) => boolean;
}

/** The destination that stands for no host at all: what is sent there ends in an error. */
export const NOWHERE: Destination = { host: "" };

/** `group/Kind` of the backends that are Services: those of several clusters are here those of the one mesh. */
const SERVICES: readonly string[] = ["/Service", "multicluster.x-k8s.io/ServiceImport"];
const HOSTNAME = "networking.istio.io/Hostname";

/** Where a backend leads; `NOWHERE` for one that cannot be, or that the route may not name. */
export function destinationOf(
  backend: BackendObjectReference,
  { namespace, isGranted }: BackendContext,
): Destination {
  const host = hostOf(backend, namespace);
  if (host === undefined || backend.port === undefined || !isGranted(backend)) return NOWHERE;
  return { host, port: { number: backend.port } };
}

function hostOf(
  { group = "", kind = "Service", name, namespace }: BackendObjectReference,
  routeNamespace: string,
): string | undefined {
  const type = `${group}/${kind}`;
  if (type === HOSTNAME) return namespace === undefined ? name : undefined;
  if (!SERVICES.includes(type) || name.includes(".")) return undefined;
  return serviceHostname(name, namespace ?? routeNamespace, DEFAULT_DOMAIN);
}
