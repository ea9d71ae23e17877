import { resolveShortName } from "./hostname.js";

/** What completes the host names that resources refer to. */
export interface HostResolver {
  /** The suffix of Kubernetes services: `cluster.local`. */
  readonly domain: string;
  /** The namespaces that have Kubernetes services. */
  readonly namespaces: ReadonlySet<string>;
}

/**
 * The full name of a host that a resource in `namespace` refers to, in lower case, in which alone hosts meet. Beyond Istio's short names (`payments`), names with
 * the namespace are completed (`payments.default`, `payments.default.svc`) when that namespace has services.
 */
export function resolveHost(text: string, namespace: string, resolver: HostResolver): string {
  const host = text.toLowerCase();
  const parts = host.split(".");
  const named = parts.length === 2 || (parts.length === 3 && parts[2] === "svc");
  if (named && parts[0] !== "*" && resolver.namespaces.has(parts[1] ?? "")) {
    return `${parts[0] ?? ""}.${parts[1] ?? ""}.svc.${resolver.domain}`;
  }
  return resolveShortName(host, namespace, resolver.domain);
}

/** Whether two resolvers complete alike. */
export function sameResolver(a: HostResolver, b: HostResolver): boolean {
  return (
    a.domain === b.domain &&
    a.namespaces.size === b.namespaces.size &&
    [...a.namespaces].every((namespace) => b.namespaces.has(namespace))
  );
}
