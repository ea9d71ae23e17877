/** Host names as Istio reads them: short names that a namespace completes, and wildcards (`*`, `*.example.com`). */
import { compareText } from "../base/text/compare-text.js";

/** Istio's suffix of Kubernetes services where nothing else is said. */
export const DEFAULT_DOMAIN = "cluster.local";

/** Whether a host stands for several: `*` or `*.suffix`. */
export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/**
 * The full name of a host that a resource in `namespace` refers to. A name without a dot is a service of that namespace;
 * a name with a dot, a wildcard and an IP address stand for themselves. See Istio, VirtualService.hosts, "short names".
 */
export function resolveShortName(host: string, namespace: string, domain: string): string {
  return host === "" || host.includes(".") || host.includes(":") || isWildcard(host)
    ? host
    : `${host}.${namespace}.svc.${domain}`;
}

/** The full name of a Kubernetes service: `name.namespace.svc.domain`. */
export function serviceHostname(name: string, namespace: string, domain: string): string {
  return `${name}.${namespace}.svc.${domain}`;
}

/** Whether every host that `inner` stands for is one that `outer` stands for; names are compared without case. */
export function isSubsetOf(inner: string, outer: string): boolean {
  const a = inner.toLowerCase();
  const b = outer.toLowerCase();
  if (b === "*") return true;
  if (!isWildcard(b)) return a === b;
  const suffix = b.slice(1);
  const rest = isWildcard(a) ? a.slice(1) : a;
  // `*.a.com` stands for `b.a.com` and `*.b.a.com`, and for itself; not for `a.com`.
  return rest.endsWith(suffix) && (isWildcard(a) || rest.length > suffix.length);
}

/** Whether two hosts have a host in common. */
export function overlaps(a: string, b: string): boolean {
  return isSubsetOf(a, b) || isSubsetOf(b, a);
}

/** The more specific host first: exact names before wildcards, longer wildcards before shorter, then by text. */
export function compareSpecificity(a: string, b: string): number {
  const wildA = isWildcard(a);
  const wildB = isWildcard(b);
  if (wildA !== wildB) return wildA ? 1 : -1;
  if (wildA && a.length !== b.length) return b.length - a.length;
  return compareText(a, b);
}

/** The most specific of `hosts` that stands for `host`, or undefined. */
export function findMostSpecific(host: string, hosts: Iterable<string>): string | undefined {
  let best: string | undefined;
  for (const candidate of hosts) {
    if (!isSubsetOf(host, candidate)) continue;
    if (best === undefined || compareSpecificity(candidate, best) < 0) best = candidate;
  }
  return best;
}
