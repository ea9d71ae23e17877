import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { isAmbient, isAmbientNamespace } from "../mesh-membership.js";
import type { AnalyzedOf } from "../resources.js";
import {
  analyzeOverlaps,
  type SelectingResource,
  selectWorkloads,
} from "../selecting-resources.js";

type Sidecar = AnalyzedOf<"Sidecar">;

/** Sidecars for no workload, several for the same one, and those that do nothing because there are no sidecars. */
export const sidecarSelectorAnalyzer: Analyzer = {
  name: "sidecar.SelectorAnalyzer",
  description: "whether each Sidecar is for workloads, and each workload has one Sidecar",
  *analyze(context) {
    const selecting: SelectingResource[] = [];
    const general = new Map<string, Sidecar[]>();
    for (const sidecar of context.resources.all("Sidecar")) {
      const labels = sidecar.spec.workloadSelector?.labels ?? {};
      if (Object.keys(labels).length > 0) {
        const path = ["spec", "workloadSelector", "labels"];
        selecting.push({ resource: sidecar, labels, path });
      } else {
        const others = general.get(sidecar.namespace);
        if (others === undefined) general.set(sidecar.namespace, [sidecar]);
        else others.push(sidecar);
      }
    }
    yield* analyzeSelecting(selecting, context);
    for (const [namespace, sidecars] of general)
      yield* analyzeGeneral(namespace, sidecars, context);
  },
};

function* analyzeSelecting(
  selecting: readonly SelectingResource[],
  context: AnalysisContext,
): Iterable<Report> {
  const { reports, byWorkload } = selectWorkloads(selecting, context);
  yield* reports;
  const ineffective = new Set<SelectingResource>();
  for (const [workload, selectors] of byWorkload) {
    if (!isAmbient(workload)) yield* analyzeOverlaps("IST0110", workload, selectors);
    else for (const selector of selectors) ineffective.add(selector);
  }
  for (const { resource, path } of ineffective) {
    const message =
      "the workloads are in ambient mode and have no sidecars: the Sidecar does nothing";
    yield { resource, code: "IST0167", path, message };
  }
}

function* analyzeGeneral(
  namespace: string,
  sidecars: readonly Sidecar[],
  { resources }: AnalysisContext,
): Iterable<Report> {
  const isIneffective = isAmbientNamespace(resources.find("Namespace", "", namespace));
  if (!isIneffective && sidecars.length < 2) return;
  const names = sidecars.map(({ name }) => name).sort();
  for (const resource of sidecars) {
    const place = { resource, path: ["metadata", "name"] };
    yield isIneffective
      ? {
          ...place,
          code: "IST0167",
          message: `namespace ${namespace} is in ambient mode and has no sidecars: the Sidecar does nothing`,
        }
      : {
          ...place,
          code: "IST0111",
          message: `namespace ${namespace} has several Sidecars for all of its workloads: ${names.join(", ")}; one counts, the others need a workloadSelector`,
        };
  }
}
