import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";
import type { Workload } from "../workloads.js";

type Policy = AnalyzedOf<"AuthorizationPolicy">;

/** What has Istio ask several; without it, it denies what their policies are for. */
const SWITCH = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";

/**
 * Workloads whose CUSTOM policies name several providers: here all are asked, by Istio only where that is switched on. Istio
 * has no analyzer for it.
 */
export const severalAuthorizersAnalyzer: Analyzer = {
  name: "auth.SeveralAuthorizersAnalyzer",
  description: "whether CUSTOM policies of one workload have several providers asked",
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
    `beside provider "${providerOf(policy)}" others are asked about requests to the same workload: ` +
    `${[...new Set(names)].sort().join(", ")}; Istio asks several from version 1.30 on, with ${SWITCH}, and else denies ` +
    "what the policies are for";
  return {
    resource: policy,
    code: "several-providers",
    path: ["spec", "provider", "name"],
    message,
  };
}
