/** The hosts that a Sidecar imports: `namespace/host`, and those that it takes away from them: `~namespace/host`. */
import { isSubsetOf, overlaps } from "../hostname.js";

/** See the top of this file. The namespace is that of the resource that defines the host: `*` any, `~` none. */
export interface EgressHost {
  readonly namespace: string;
  readonly host: string;
  /** Absent of those that are imported. */
  readonly excluded?: true;
}

/** Reads `namespace/host`; `.` is the caller's namespace. A `~` before it excludes, and `~/*` alone imports nothing. */
export function egressHost(text: string, own: string): EgressHost {
  const slash = text.indexOf("/");
  const host = text.slice(slash + 1);
  const excluded = text.startsWith("~") && text !== "~/*";
  const named = text.slice(excluded ? 1 : 0, slash);
  // What names no namespace is excluded from all.
  const namespace = named === "." ? own : named === "" ? "*" : named;
  return { namespace, host, ...(excluded ? { excluded } : {}) };
}

const isFrom = ({ namespace }: EgressHost, of: string): boolean =>
  namespace === "*" || namespace === of;

/** Whether a host that a resource of a namespace defines is taken away. */
const isExcluded = (hosts: readonly EgressHost[], namespace: string, host: string): boolean =>
  hosts.some(
    (one) => one.excluded === true && isFrom(one, namespace) && isSubsetOf(host, one.host),
  );

/** Whether a service is imported: all that its host stands for has to be. */
export function importsService(
  hosts: readonly EgressHost[],
  { namespace, hostname }: { readonly namespace: string; readonly hostname: string },
): boolean {
  const isIncluded = hosts.some(
    (one) => one.excluded !== true && isFrom(one, namespace) && isSubsetOf(hostname, one.host),
  );
  return isIncluded && !isExcluded(hosts, namespace, hostname);
}

/** Whether a VirtualService is imported: one of its hosts has to have a host in common with what is, and not be excluded. */
export function importsVirtualService(
  hosts: readonly EgressHost[],
  virtualService: { readonly namespace: string; readonly hosts: readonly string[] },
): boolean {
  const { namespace } = virtualService;
  return virtualService.hosts.some(
    (host) =>
      hosts.some(
        (one) => one.excluded !== true && isFrom(one, namespace) && overlaps(host, one.host),
      ) && !isExcluded(hosts, namespace, host),
  );
}
