import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import type { Workload } from "../workloads.js";

type Policy = AnalyzedOf<"AuthorizationPolicy">;

/** Workloads whose CUSTOM policies name several providers, of which none is asked. Istio has no analyzer for it. */
export const severalAuthorizersAnalyzer: Analyzer = {
  name: "auth.SeveralAuthorizersAnalyzer",
  description: "whether CUSTOM policies of one workload name several providers",
  *analyze(context) {
    const policies = context.resources
      .all("AuthorizationPolicy")
      .filter(({ spec }) => spec.action === "CUSTOM");
    if (new Set(policies.map(providerOf)).size < 2) return;
    const selections = policies.map((policy) => ({
      policy,
      workloads: new Set(selectedBy(policy, context)),
    }));
    for (const { policy, workloads } of selections) {
      const others = selections
        .filter((other) => providerOf(other.policy) !== providerOf(policy))
        .filter((other) => [...workloads].some((workload) => other.workloads.has(workload)))
        .map((other) => other.policy);
      if (others.length > 0) yield report(policy, others);
    }
  },
};

const providerOf = ({ spec }: Policy): string => spec.provider?.name ?? "";

/** Those with targets are for gateways that no selector finds. */
function selectedBy(
  { namespace, spec }: Policy,
  { workloads, meshConfig }: AnalysisContext,
): readonly Workload[] {
  if (spec.targetRef !== undefined || (spec.targetRefs ?? []).length > 0) return [];
  const isForMesh = namespace === meshConfig.rootNamespace;
  return workloads.selected(spec.selector?.matchLabels ?? {}, isForMesh ? undefined : namespace);
}

function report(policy: Policy, others: readonly Policy[]): Report {
  const names = others.map((other) => `"${providerOf(other)}" of ${other.namespace}/${other.name}`);
  const message =
    `beside provider "${providerOf(policy)}" others are named for the same workload: ` +
    `${[...new Set(names)].sort().join(", ")}; as one workload has one provider, what all these policies are for is ` +
    "denied: name the same one, or select other workloads";
  return {
    resource: policy,
    code: "several-providers",
    path: ["spec", "provider", "name"],
    message,
  };
}
