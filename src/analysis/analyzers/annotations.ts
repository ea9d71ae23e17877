import { didYouMean } from "../../base/text/closest-word.js";
import { INJECT } from "../../config/kinds/kubernetes/injection-labels.js";
import type { Analyzer, Report } from "../analyzer.js";
import { annotationValueProblem } from "../annotation-values.js";
import {
  ANNOTATION_NAMES,
  isIstioAnnotation,
  knownAnnotation,
  SET_BY_ISTIO,
} from "../annotations.js";
import type { Analyzed } from "../resources.js";

const KINDS = ["Namespace", "Service", "Pod", "Deployment"] as const;

/** Istio's annotations on resources of Kubernetes: unknown, deprecated, on the wrong kind, with a wrong value. */
export const annotationAnalyzer: Analyzer = {
  name: "annotations.K8sAnalyzer",
  description: "Istio's annotations on Namespaces, Services, Pods and Deployments",
  *analyze({ resources }) {
    for (const kind of KINDS) {
      for (const resource of resources.all(kind)) yield* analyzeResource(resource);
    }
  },
};

function* analyzeResource(resource: Analyzed): Iterable<Report> {
  for (const [name, value] of Object.entries(resource.annotations)) {
    if (!isIstioAnnotation(name) || SET_BY_ISTIO.has(name)) continue;
    yield* analyzeAnnotation(resource, name, value);
  }
}

function* analyzeAnnotation(resource: Analyzed, name: string, value: string): Iterable<Report> {
  const known = knownAnnotation(name);
  const place = { resource, path: ["metadata", "annotations", name], end: "name" as const };
  if (known === undefined) {
    const guess = didYouMean(name, ANNOTATION_NAMES);
    yield { ...place, code: "IST0108", message: `Istio has no annotation "${name}"${guess}` };
    return;
  }
  // Who has the label too keeps the annotation for older versions.
  if (known.isDeprecated && !(name === INJECT && INJECT in resource.labels)) {
    const instead = name === INJECT ? ": write it as a label" : "";
    yield {
      ...place,
      code: "IST0135",
      message: `the annotation "${name}" is deprecated${instead}`,
    };
  }
  if (known.kinds.length === 0) return;
  if (!known.kinds.includes(resource.kind)) {
    const message = `the annotation "${name}" means nothing on a ${resource.kind}: it is for ${whereFor(resource.kind, known.kinds)}`;
    yield { ...place, code: "IST0107", message };
    return;
  }
  const problem = annotationValueProblem(name, value);
  if (problem !== undefined) {
    const message = `the annotation "${name}" has a wrong value: ${problem} would be right`;
    yield { ...place, end: "value", code: "IST0125", message };
  }
}

function whereFor(kind: string, kinds: readonly string[]): string {
  const isForPods = kind === "Deployment" && kinds.includes("Pod");
  return isForPods ? "its pods, so write it below spec.template.metadata" : kinds.join(" and ");
}
