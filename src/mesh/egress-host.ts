/** The hosts that a Sidecar imports: `namespace/host`. */
import { isSubsetOf, overlaps } from "./hostname.js";

/** See the top of this file. The namespace is that of the resource that defines the host: `*` any, `~` none. */
export interface EgressHost {
  readonly namespace: string;
  readonly host: string;
}

const isFrom = ({ namespace }: EgressHost, of: string): boolean =>
  namespace === "*" || namespace === of;

/** Whether a service is imported: all that its host stands for has to be. */
export function importsService(
  hosts: readonly EgressHost[],
  service: { readonly namespace: string; readonly hostname: string },
): boolean {
  return hosts.some(
    (one) => isFrom(one, service.namespace) && isSubsetOf(service.hostname, one.host),
  );
}

/** Whether a VirtualService is imported: one of its hosts has to have a host in common with what is. */
export function importsVirtualService(
  hosts: readonly EgressHost[],
  virtualService: { readonly namespace: string; readonly hosts: readonly string[] },
): boolean {
  return hosts.some(
    (one) =>
      isFrom(one, virtualService.namespace) &&
      virtualService.hosts.some((host) => overlaps(host, one.host)),
  );
}
