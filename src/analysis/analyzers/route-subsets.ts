import { didYouMean } from "../../config/closest-word.js";
import { hostsOf } from "../../config/references/host-names.js";
import type { Analyzer } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import { destinationsOf } from "../route-destinations.js";

/** Routes to subsets that there are not. */
export const routeSubsetAnalyzer: Analyzer = {
  name: "virtualservice.DestinationRuleAnalyzer",
  description: "whether VirtualServices route to subsets that there are",
  *analyze({ resources }) {
    const subsets = subsetsByHost(resources.all("DestinationRule"));
    for (const resource of resources.all("VirtualService")) {
      for (const { destination, path } of destinationsOf(resource)) {
        const { host = "", subset = "" } = destination;
        const names = hostsOf(host, resource.namespace).flatMap((one) => subsets.get(one) ?? []);
        if (subset === "" || names.includes(subset)) continue;
        const message = `no DestinationRule of host "${host}" has a subset "${subset}"${didYouMean(subset, names)}`;
        yield { resource, code: "IST0101", path: [...path, "subset"], message };
      }
    }
  },
};

function subsetsByHost(
  rules: readonly AnalyzedOf<"DestinationRule">[],
): ReadonlyMap<string, readonly string[]> {
  const subsets = new Map<string, string[]>();
  for (const { namespace, spec } of rules) {
    const names = (spec.subsets ?? []).map(({ name = "" }) => name);
    for (const host of hostsOf(spec.host ?? "", namespace)) {
      subsets.set(host, [...(subsets.get(host) ?? []), ...names]);
    }
  }
  return subsets;
}
