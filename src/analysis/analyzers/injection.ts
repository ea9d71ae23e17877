import {
  INJECT,
  INJECTION_LABEL,
  REVISION_LABEL,
} from "../../config/kinds/kubernetes/injection-labels.js";
import { TLS_MODE_LABEL } from "../../mesh/workload/workload.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import { ISTIO_NAMESPACE, PROXY_CONTAINER } from "../control-plane.js";
import { injectorName, injectorValues } from "../injector-values.js";
import { DATAPLANE_MODE } from "../mesh-membership.js";
import type { AnalyzedOf } from "../resources.js";

type Namespace = AnalyzedOf<"Namespace">;

/** Namespaces of which it is not clear whether their pods get proxies, and pods that got none. */
export const injectionAnalyzer: Analyzer = {
  name: "injection.Analyzer",
  description: "whether namespaces say that their pods get proxies, and pods got theirs",
  *analyze(context) {
    for (const namespace of context.resources.all("Namespace")) {
      if (namespace.name !== ISTIO_NAMESPACE) yield* analyzeNamespace(namespace, context);
    }
    yield* analyzePods(context);
  },
};

function* analyzeNamespace(namespace: Namespace, { resources }: AnalysisContext): Iterable<Report> {
  const { name, labels } = namespace;
  const place = { resource: namespace, path: ["metadata", "labels"], end: "name" as const };
  const contradicting = contradictingLabels(namespace);
  if (contradicting.length > 1) {
    const message = `it is not clear how pods of ${name} get into the mesh: found ${contradicting.join(", ")}; keep one of them`;
    yield { ...place, code: "IST0123", message };
  }
  const injection = labels[INJECTION_LABEL] ?? "";
  const revision = labels[REVISION_LABEL];
  if (labels[DATAPLANE_MODE] === "ambient" || injection !== "" || revision !== undefined) return;
  const values = injectorValues(resources).get(injectorName(revision));
  const isByDefault = values?.sidecarInjectorWebhook?.enableNamespacesByDefault === true;
  const disable = `label it ${INJECTION_LABEL}=disabled if they are to get none`;
  yield isByDefault
    ? {
        ...place,
        code: "IST0148",
        message: `pods of ${name} get proxies because that is the default of injection; ${disable}`,
      }
    : {
        resource: namespace,
        path: ["metadata", "name"],
        code: "IST0102",
        message: `pods of ${name} get no proxies; label it ${INJECTION_LABEL}=enabled if they are to have them, else ${INJECTION_LABEL}=disabled`,
      };
}

/** The labels that each say how pods get into the mesh; where one says that they do not, the others do not count. */
function contradictingLabels({ labels }: Namespace): readonly string[] {
  const injection = labels[INJECTION_LABEL];
  const counts = (name: string): boolean =>
    name === INJECTION_LABEL || injection === undefined || injection === "enabled";
  return [INJECTION_LABEL, REVISION_LABEL, DATAPLANE_MODE].flatMap((name) => {
    const value = labels[name];
    return value === undefined || !counts(name) ? [] : [`${name}=${value}`];
  });
}

function* analyzePods({ resources }: AnalysisContext): Iterable<Report> {
  for (const pod of resources.all("Pod")) {
    const namespace = resources.find("Namespace", "", pod.namespace);
    const isInjected = isInjectedNamespace(namespace);
    const asked = pod.labels[INJECT] ?? pod.annotations[INJECT] ?? "";
    const { hostNetwork = false, containers = [], initContainers = [] } = pod.spec;
    if (!isInjected || asked.toLowerCase() === "false" || hostNetwork) continue;
    const proxy = [...containers, ...initContainers].find(({ name }) => name === PROXY_CONTAINER);
    // Where the proxy is no container, whoever started it says so by the label that Istio's injector sets.
    if ((proxy?.image ?? "") !== "" || pod.labels[TLS_MODE_LABEL] === "istio") continue;
    const message = `the pod has no proxy, although its namespace ${pod.namespace} is injected: start it again, or label it ${INJECT}=false`;
    yield { resource: pod, code: "IST0103", path: ["metadata", "name"], message };
  }
}

function isInjectedNamespace(namespace: Namespace | undefined): boolean {
  if (namespace === undefined || namespace.name === ISTIO_NAMESPACE) return false;
  const { labels } = namespace;
  return labels[INJECTION_LABEL] === "enabled" && labels[DATAPLANE_MODE] !== "ambient";
}
