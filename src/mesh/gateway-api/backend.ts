/** Where the routes of the Gateway API send requests and connections. See Istio, buildDestination. */

import type { BackendObjectReference } from "../../config/kinds/gateway-api/backends.js";
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../hostname.js";

/** A backend, seen from a route of a namespace. */
export interface BackendContext {
  readonly namespace: string;
  /** Whether the route may use a backend. Requests for one that it may not use are answered with an error. */
  readonly isGranted: (backend: BackendObjectReference) => boolean;
}

/** Stands for a backend that does not exist or may not be used: what is sent there ends in an error. */
export const NOWHERE: Destination = { host: "" };

/** `group/Kind` of the backends that are Services. A ServiceImport, of several clusters, is the Service of its name: there is one mesh. */
const SERVICES: readonly string[] = ["/Service", "multicluster.x-k8s.io/ServiceImport"];
const HOSTNAME = "networking.istio.io/Hostname";

/** The destination of a backend; `NOWHERE` for one that is of no known kind, has no port, or may not be used. */
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
