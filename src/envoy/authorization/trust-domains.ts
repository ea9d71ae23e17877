/**
 * Trust domain aliases: a principal of the mesh's own trust domain, or of an alias of it, means that workload in all of
 * them, so that a mesh can change its trust domain. See Istio, MeshConfig.trustDomainAliases.
 */

/** In policies it stands for the mesh's own trust domain, whatever that is called. */
const OWN = "cluster.local";
/** `DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. */
const PARTS = 5;

/** Principals with those added that mean the same workloads. `trustDomains` are the mesh's, its own first. */
export function withAliases(
  principals: readonly string[],
  trustDomains: readonly string[],
): readonly string[] {
  return principals.flatMap((principal) => aliasesOf(principal, trustDomains));
}

/** Trust domains with the mesh's others beside any of the mesh's. */
export function withDomainAliases(
  domains: readonly string[],
  trustDomains: readonly string[],
): readonly string[] {
  const all = domains.flatMap((domain) => (trustDomains.includes(domain) ? trustDomains : domain));
  return [...new Set(all)];
}

function aliasesOf(principal: string, trustDomains: readonly string[]): readonly string[] {
  const [domain = "", ...path] = principal.split("/");
  // Istio takes the beginning or the end of a principal as it is written.
  const asksForDomain = path.length === PARTS - 1 && domain !== "*";
  const isOwn = domain === OWN || trustDomains.some((one) => mayBeSame(domain, one));
  if (!asksForDomain || !isOwn || trustDomains.length === 0) return [principal];
  const all = trustDomains.map((one) =>
    // A pattern that covers the alias stays as it is, and is not written twice.
    isSuffix(domain, one) ? principal : [one, ...path].join("/"),
  );
  return [...new Set(all)];
}

/** Whether one of two is the other, or a pattern of it. */
function mayBeSame(a: string, b: string): boolean {
  return a === b || a === "*" || b === "*" || covers(a, b) || covers(b, a);
}

const covers = (pattern: string, text: string): boolean =>
  isPrefix(pattern, text) || isSuffix(pattern, text);

const isPrefix = (pattern: string, text: string): boolean =>
  pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1));

const isSuffix = (pattern: string, text: string): boolean =>
  pattern.startsWith("*") && text.endsWith(pattern.slice(1));
