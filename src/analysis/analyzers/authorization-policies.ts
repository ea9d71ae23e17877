import { formatLabels } from "../../base/text/format-labels.js";
import type { Path } from "../../config/kind.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { isAmbient, isWorkloadInMesh } from "../mesh-membership.js";
import type { AnalyzedOf } from "../resources.js";
import type { Workload } from "../workloads.js";

type Policy = AnalyzedOf<"AuthorizationPolicy">;

/** AuthorizationPolicies that are for no workload, or that name namespaces that there are not. */
export const authorizationPolicyAnalyzer: Analyzer = {
  name: "auth.AuthorizationPoliciesAnalyzer",
  description:
    "whether AuthorizationPolicies are for workloads, and name namespaces that there are",
  *analyze(context) {
    const isMember = membershipIn(context);
    const namespaces = knownNamespaces(context);
    for (const policy of context.resources.all("AuthorizationPolicy")) {
      yield* analyzeSelector(policy, context, isMember);
      yield* analyzeNamespaces(policy, namespaces);
    }
  },
};

type IsMember = (workload: Workload) => boolean;

function membershipIn({ resources }: AnalysisContext): IsMember {
  const known = new Map<Workload, boolean>();
  return (workload) => {
    const isMember =
      known.get(workload) ?? (isAmbient(workload) || isWorkloadInMesh(workload, resources));
    known.set(workload, isMember);
    return isMember;
  };
}

function* analyzeSelector(
  policy: Policy,
  { meshConfig, workloads }: AnalysisContext,
  isMember: IsMember,
): Iterable<Report> {
  const { spec, namespace } = policy;
  // What is attached to something is not for all of its namespace.
  if (spec.targetRef !== undefined || (spec.targetRefs ?? []).length > 0) return;
  const isForMesh = namespace === meshConfig.rootNamespace;
  const labels = spec.selector?.matchLabels ?? {};
  if (isForMesh && spec.selector === undefined) return;
  if (workloads.selected(labels, isForMesh ? undefined : namespace).some(isMember)) return;
  const where = isForMesh ? "in the mesh" : `of namespace ${namespace} in the mesh`;
  const text = formatLabels(labels);
  const message =
    text === ""
      ? `the policy is for nothing: there is no workload ${where}`
      : `the policy is for nothing: no workload ${where} has the labels ${text}`;
  const path = text === "" ? ["spec"] : ["spec", "selector", "matchLabels"];
  yield { resource: policy, code: "IST0127", path, message };
}

/** The namespaces that there are: those that are declared, and those that something is in. */
interface KnownNamespaces {
  readonly names: ReadonlySet<string>;
  /** Whether some are declared, so that one of another name is probably a mistake. */
  readonly areDeclared: boolean;
}

function knownNamespaces({ resources }: AnalysisContext): KnownNamespaces {
  const declared = resources.all("Namespace").map(({ name }) => name);
  const used = Array.from(resources.everything(), ({ namespace }) => namespace);
  const names = new Set([...declared, ...used].filter((name) => name !== ""));
  return { names, areDeclared: declared.length > 0 };
}

function* analyzeNamespaces(policy: Policy, namespaces: KnownNamespaces): Iterable<Report> {
  for (const [i, { from = [] }] of (policy.spec.rules ?? []).entries()) {
    for (const [j, { source }] of from.entries()) {
      for (const field of ["namespaces", "notNamespaces"] as const) {
        const path = ["spec", "rules", i, "from", j, "source", field];
        yield* analyzePatterns(policy, source?.[field] ?? [], path, namespaces);
      }
    }
  }
}

function* analyzePatterns(
  policy: Policy,
  patterns: readonly string[],
  path: Path,
  { names, areDeclared }: KnownNamespaces,
): Iterable<Report> {
  const severity = areDeclared ? "error" : "warning";
  for (const [index, pattern] of patterns.entries()) {
    if ([...names].some((name) => matches(name, pattern))) continue;
    const message = `no namespace is called "${pattern}": none is declared, and no resource is in one; the rule never takes a caller by it`;
    yield { resource: policy, code: "IST0101", severity, path: [...path, index], message };
  }
}

/** Patterns have a wildcard at one end, or are the name in any case. */
function matches(name: string, pattern: string): boolean {
  if (pattern.startsWith("*")) return name.endsWith(pattern.slice(1));
  if (pattern.endsWith("*")) return name.startsWith(pattern.slice(0, -1));
  return name.toLowerCase() === pattern.toLowerCase();
}
