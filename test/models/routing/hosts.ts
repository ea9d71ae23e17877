/** Names of hosts. */

const SUFFIX = ".svc.cluster.local";

/** "Istio will interpret the short name based on the namespace of the rule, not the service": a name without a dot. */
export function complete(host: string, namespace: string): string {
  return host.includes(".") || host.startsWith("*") ? host : `${host}.${namespace}${SUFFIX}`;
}

/** Whether all that one name may stand for is what another, perhaps with a wildcard at its front, stands for. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === host || pattern === "*") return true;
  return (
    pattern.startsWith("*") && host.length >= pattern.length && host.endsWith(pattern.slice(1))
  );
}

/** What both names stand for; undefined when there is nothing. */
export function common(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/** The most specific of the names that cover a host: the host itself, else the longest with a wildcard. */
export function mostSpecific(host: string, patterns: readonly string[]): string | undefined {
  const covering = patterns.filter((pattern) => covers(pattern, host));
  return covering.includes(host) ? host : covering.sort((a, b) => b.length - a.length)[0];
}

/** The host in a Host header, without its port; names of hosts are the same in any case (RFC 4343). */
export function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "").toLowerCase();
}

/**
 * What applications of a namespace may call a host: the whole name, also with the dot of the root at its end (RFC 1034),
 * and what Kubernetes completes ("DNS for Services and Pods", search domains).
 */
export function namesOf(host: string, namespace: string): readonly string[] {
  const whole = [host, `${host}.`];
  if (!host.endsWith(SUFFIX) || host.startsWith("*")) return host.startsWith("*") ? [host] : whole;
  const short = host.slice(0, -SUFFIX.length);
  const own = short.endsWith(`.${namespace}`) ? [short.slice(0, -namespace.length - 1)] : [];
  return [...whole, short, `${short}.svc`, ...own];
}
