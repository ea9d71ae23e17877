import type { PodTemplate } from "../../config/kinds/kubernetes/pod-template.js";
import { formatRef, refOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { selectsWorkload } from "../../mesh/gateway/gateway.js";
import { injectionOf } from "./injection.js";
import { selectingGateways } from "./served-gateways.js";

/** What stands between a pod and the others: a sidecar, nothing, or the pod is itself a gateway. */
export type PodProxy = "sidecar" | "router" | "none";

/** Istio's annotation of workloads that its injector makes gateways of. */
const TEMPLATES = "inject.istio.io/templates";

/** Which proxy pods of a template get, and what decides that, as people read it. */
export function podProxy(
  tables: ResourceTables,
  namespace: string,
  template: PodTemplate,
): { readonly proxy: PodProxy; readonly reason: string } {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const templates = annotations[TEMPLATES];
  if (templates?.split(",").includes("gateway") === true) {
    return { proxy: "router", reason: `the pod is annotated ${TEMPLATES}=${templates}` };
  }
  const gateway = selectingGateways(tables).find((one) =>
    selectsWorkload(one, { namespace, labels }),
  );
  if (gateway !== undefined) {
    return { proxy: "router", reason: `${formatRef(refOf(gateway))} selects the pod` };
  }
  const hostNetwork = template.spec?.hostNetwork === true;
  const declaration = tables.Namespace.get(`/${namespace}`);
  const pod = { labels, annotations, hostNetwork };
  const { injected, reason } = injectionOf(namespace, declaration, pod);
  return { proxy: injected ? "sidecar" : "none", reason };
}
