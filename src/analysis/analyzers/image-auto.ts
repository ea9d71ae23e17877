import type { PodSpec } from "../../config/kinds/kubernetes/pod-template.js";
import type { AnalysisContext, Analyzer } from "../analyzer.js";
import { PROXY_CONTAINER } from "../control-plane.js";
import type { Draft } from "../draft.js";
import type { Webhook } from "../kinds/webhook-configuration.js";
import { selectorMatches } from "../label-selection.js";

/** The image of a proxy's container that injection is to replace. */
const AUTO = "auto";

/** Proxies of `image: auto` that nothing replaces. */
export const imageAutoAnalyzer: Analyzer = {
  name: "injection.ImageAutoAnalyzer",
  description: "whether containers with `image: auto` are going to be injected",
  *analyze(context) {
    const { resources } = context;
    for (const pod of resources.all("Pod")) {
      const index = autoContainer(pod.spec);
      if (index < 0) continue;
      const message = `the pod has its proxy's image still as "${AUTO}": it was not injected`;
      const path = ["spec", "containers", index, "image"];
      yield { resource: pod, code: "IST0147", path, message };
    }
    const webhooks = istioWebhooks(context);
    // Files that say nothing of webhooks leave injection to whoever runs the pods.
    if (webhooks.length === 0) return;
    for (const deployment of resources.all("Deployment")) {
      const { metadata, spec = {} } = deployment.spec.template ?? {};
      const index = autoContainer(spec);
      const namespace = resources.find("Namespace", "", deployment.namespace)?.labels ?? {};
      const isInjected = webhooks.some(
        ({ namespaceSelector, objectSelector }) =>
          selectorMatches(namespaceSelector, namespace) &&
          selectorMatches(objectSelector, metadata?.labels ?? {}),
      );
      if (index < 0 || isInjected) continue;
      const message = `no webhook of Istio injects its pods, which need one to replace the image "${AUTO}": label the namespace or the pods`;
      const path = ["spec", "template", "spec", "containers", index, "image"];
      yield { resource: deployment, code: "IST0146", path, message };
    }
  },
};

function istioWebhooks({ resources }: AnalysisContext): readonly Draft<Webhook>[] {
  return resources
    .all("MutatingWebhookConfiguration")
    .flatMap(({ spec }) => spec.webhooks ?? [])
    .filter(({ name = "" }) => name.endsWith("istio.io"));
}

function autoContainer({ containers = [] }: Draft<PodSpec>): number {
  return containers.findIndex(({ name, image }) => name === PROXY_CONTAINER && image === AUTO);
}
