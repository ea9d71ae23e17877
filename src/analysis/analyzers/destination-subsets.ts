import { formatLabels } from "../../base/text/format-labels.js";
import { isWildcard } from "../../mesh/hostname.js";
import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { KnownHost } from "../host-scopes.js";
import type { AnalyzedOf, Resources } from "../resources.js";
import { createWorkloadIndex, type WorkloadIndex } from "../workload-index.js";
import type { Workload } from "../workloads.js";

/** The labels of a node that count for the pods on it. */
const TOPOLOGY: readonly string[] = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
];
const HOSTNAME = "kubernetes.io/hostname";

/** DestinationRules for hosts that there are not, and subsets that no workload is in. */
export const destinationSubsetAnalyzer: Analyzer = {
  name: "destinationrule.SubsetSelectPodAnalyzer",
  description: "whether the host of a DestinationRule is there, and workloads are in its subsets",
  *analyze(context) {
    const workloads = withTopology(context);
    for (const rule of context.resources.all("DestinationRule")) {
      yield* analyzeRule(rule, context, workloads);
    }
  },
};

function* analyzeRule(
  rule: AnalyzedOf<"DestinationRule">,
  { hosts }: AnalysisContext,
  workloads: WorkloadIndex,
): Iterable<Report> {
  const { namespace, spec } = rule;
  const { host = "", exportTo, subsets = [] } = spec;
  const query = { host, namespace, exportTo };
  const known = hosts.find(query);
  // A wildcard is for all hosts that it stands for: Istio's analyzer misses those, and would have each be one itself.
  const isFound = known !== undefined || (isWildcard(host) && hosts.findsAnyOf(query));
  if (!isFound) {
    const message = `host "${host}" is no Service and no host of a ServiceEntry that namespace ${namespace} sees`;
    yield { resource: rule, code: "IST0174", path: ["spec", "host"], message };
  }
  if (known === undefined) return;
  const seen = new Set<string | undefined>();
  for (const [index, { name, labels = {} }] of subsets.entries()) {
    const selector = { ...known.selector, ...labels };
    if (seen.has(name) || isFilled(selector, known, workloads)) continue;
    seen.add(name);
    const message = `subset "${name ?? ""}" is empty: no workload has the labels ${formatLabels(selector)}`;
    yield { resource: rule, code: "IST0173", path: ["spec", "subsets", index, "labels"], message };
  }
}

function isFilled(
  selector: Workload["labels"],
  { endpoints }: KnownHost,
  workloads: WorkloadIndex,
): boolean {
  return (
    endpoints.some((labels) => selects(selector, labels)) || workloads.selected(selector).length > 0
  );
}

/** The workloads with the labels that their nodes add. */
function withTopology({ resources, workloads }: AnalysisContext): WorkloadIndex {
  if (resources.all("Node").length === 0) return workloads;
  const declared = workloads.declared.map((workload) => {
    return { ...workload, labels: { ...workload.labels, ...nodeLabels(workload, resources) } };
  });
  return createWorkloadIndex(declared, []);
}

function nodeLabels({ pod }: Workload, resources: Resources): Workload["labels"] {
  const { nodeName = "" } = pod;
  const node = resources.find("Node", "", nodeName);
  if (node === undefined) return {};
  const topology = Object.entries(node.labels).filter(([name]) => TOPOLOGY.includes(name));
  return { ...Object.fromEntries(topology), [HOSTNAME]: nodeName };
}
