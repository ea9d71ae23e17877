import type { Analyzer } from "../analyzer.js";
import {
  analyzeOverlaps,
  type SelectingResource,
  selectWorkloads,
} from "../selecting-resources.js";

/** Telemetries for no workload, and several for the same one. */
export const telemetrySelectorAnalyzer: Analyzer = {
  name: "telemetry.SelectorAnalyzer",
  description: "whether each Telemetry is for workloads, and each workload has one Telemetry",
  *analyze(context) {
    const selecting = context.resources
      .all("Telemetry")
      .flatMap((resource): SelectingResource[] => {
        const labels = resource.spec.selector?.matchLabels ?? {};
        if (Object.keys(labels).length === 0) return [];
        return [{ resource, labels, path: ["spec", "selector", "matchLabels"] }];
      });
    const { reports, byWorkload } = selectWorkloads(selecting, context);
    yield* reports;
    for (const [workload, selectors] of byWorkload) {
      yield* analyzeOverlaps("IST0159", workload, selectors);
    }
  },
};
