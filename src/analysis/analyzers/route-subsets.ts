import { didYouMean } from "../../base/text/closest-word.js";
import { hostsOf } from "../../config/references/host-names.js";
import { isSubsetOf, isWildcard } from "../../mesh/hostname.js";
import type { Analyzer } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import { destinationsOf } from "../route-destinations.js";

/** Routes to subsets that there are not. */
export const routeSubsetAnalyzer: Analyzer = {
  name: "virtualservice.DestinationRuleAnalyzer",
  description: "whether VirtualServices route to subsets that there are",
  *analyze({ resources }) {
    const subsets = subsetsByHost(resources.all("DestinationRule"));
    const wildcards = [...subsets].filter(([host]) => isWildcard(host));
    for (const resource of resources.all("VirtualService")) {
      for (const { destination, path } of destinationsOf(resource)) {
        const { host = "", subset = "" } = destination;
        const names = subsetsOf(fullNames(host, resource.namespace), subsets, wildcards);
        if (subset === "" || names.includes(subset)) continue;
        const message = `no DestinationRule of host "${host}" has a subset "${subset}"${didYouMean(subset, names)}`;
        yield { resource, code: "IST0101", path: [...path, "subset"], message };
      }
    }
  },
};

type Subsets = ReadonlyMap<string, readonly string[]>;

function subsetsByHost(rules: readonly AnalyzedOf<"DestinationRule">[]): Subsets {
  const subsets = new Map<string, string[]>();
  for (const { namespace, spec } of rules) {
    const names = (spec.subsets ?? []).map(({ name = "" }) => name);
    for (const host of fullNames(spec.host ?? "", namespace)) {
      subsets.set(host, [...(subsets.get(host) ?? []), ...names]);
    }
  }
  return subsets;
}

/** The subsets of hosts: those of rules for them, and of rules for wildcards that they are of. */
function subsetsOf(
  hosts: readonly string[],
  subsets: Subsets,
  wildcards: readonly (readonly [host: string, names: readonly string[]])[],
): readonly string[] {
  return hosts.flatMap((host) => [
    ...(subsets.get(host) ?? []),
    ...wildcards.flatMap(([one, names]) => (one !== host && isSubsetOf(host, one) ? names : [])),
  ]);
}

/** The hosts that a name may stand for in whatever namespace it is written. */
function fullNames(name: string, namespace: string): readonly string[] {
  const names = hostsOf(name, namespace);
  const full = names.filter((one) => one.includes("."));
  return full.length === 0 ? names : full;
}
