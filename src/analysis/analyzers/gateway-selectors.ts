import { selects } from "../../mesh/labels.js";
import type { Analyzer } from "../analyzer.js";

const KINDS = ["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"] as const;

/** The label of the pods of a Gateway of Kubernetes' Gateway API. */
const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

/** Policies that select the pods of a Kubernetes Gateway by labels, which has no effect: they have to name it. */
export const gatewaySelectorAnalyzer: Analyzer = {
  name: "k8sgateway.SelectorAnalyzer",
  description: "whether a policy is attached to a Kubernetes Gateway by a selector",
  *analyze({ resources, workloads }) {
    const gateways = workloads.declared.filter(({ labels }) => GATEWAY_NAME in labels);
    for (const kind of KINDS) {
      for (const resource of resources.all(kind)) {
        const { selector, targetRef, targetRefs = [] } = resource.spec;
        if (selector === undefined || targetRef !== undefined || targetRefs.length > 0) continue;
        const selected = gateways.filter(
          ({ namespace, labels }) =>
            namespace === resource.namespace && selects(selector.matchLabels ?? {}, labels),
        );
        for (const name of new Set(selected.map(({ labels }) => labels[GATEWAY_NAME] ?? ""))) {
          const message = `a selector does not attach a ${kind} to the Kubernetes Gateway "${name}": name it in targetRefs`;
          yield { resource, code: "IST0166", path: ["spec", "selector"], message };
        }
      }
    }
  },
};
