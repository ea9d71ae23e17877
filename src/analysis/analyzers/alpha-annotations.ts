import type { Analyzer, Report } from "../analyzer.js";
import { knownAnnotation, SET_BY_ISTIO } from "../annotations.js";
import type { Analyzed, AnalyzedOf } from "../resources.js";

const KINDS = ["Namespace", "Service", "Deployment"] as const;

const SET_BY_CNI: ReadonlySet<string> = new Set([
  ...SET_BY_ISTIO,
  "sidecar.istio.io/interceptionMode",
  "traffic.sidecar.istio.io/excludeInboundPorts",
  "traffic.sidecar.istio.io/includeInboundPorts",
  "traffic.sidecar.istio.io/includeOutboundIPRanges",
]);

/** Annotations that Istio may change or drop. Most of them are, so this is run only when it is asked for. */
export const alphaAnnotationAnalyzer: Analyzer = {
  name: "annotations.AlphaAnalyzer",
  description: "annotations that Istio calls alpha",
  *analyze({ resources }) {
    for (const kind of KINDS) {
      for (const resource of resources.all(kind)) yield* analyzeResource(resource, SET_BY_ISTIO);
    }
    for (const pod of resources.all("Pod")) {
      yield* analyzeResource(pod, usesCni(pod) ? SET_BY_CNI : SET_BY_ISTIO);
    }
  },
};

function* analyzeResource(resource: Analyzed, ignored: ReadonlySet<string>): Iterable<Report> {
  for (const name of Object.keys(resource.annotations)) {
    if (knownAnnotation(name)?.maturity !== "alpha" || ignored.has(name)) continue;
    const message = `the annotation "${name}" is alpha: a later version of Istio may not have it`;
    const path = ["metadata", "annotations", name];
    yield { resource, path, end: "name", code: "IST0136", message };
  }
}

/** Whether something else than an init container redirects the traffic of a pod. */
function usesCni({ spec }: AnalyzedOf<"Pod">): boolean {
  return !(spec.initContainers ?? []).some(({ name }) => name === "istio-init");
}
