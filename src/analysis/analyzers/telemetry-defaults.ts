import type { Analyzer } from "../analyzer.js";
import type { AnalyzedOf } from "../resources.js";

/** Several Telemetries for all of a namespace. */
export const telemetryDefaultAnalyzer: Analyzer = {
  name: "telemetry.DefaultSelectorAnalyzer",
  description: "whether a namespace has several Telemetries for all of its workloads",
  *analyze({ resources }) {
    const byNamespace = new Map<string, AnalyzedOf<"Telemetry">[]>();
    for (const telemetry of resources.all("Telemetry")) {
      const { selector, targetRef, targetRefs = [] } = telemetry.spec;
      if (selector !== undefined || targetRef !== undefined || targetRefs.length > 0) continue;
      const others = byNamespace.get(telemetry.namespace);
      if (others === undefined) byNamespace.set(telemetry.namespace, [telemetry]);
      else others.push(telemetry);
    }
    for (const [namespace, telemetries] of byNamespace) {
      if (telemetries.length < 2) continue;
      const names = telemetries.map(({ name }) => name).sort();
      for (const resource of telemetries) {
        const message = `namespace ${namespace} has several Telemetries for all of its workloads: ${names.join(", ")}; one counts, the others need a selector`;
        yield { resource, code: "IST0160", path: ["metadata", "name"], message };
      }
    }
  },
};
