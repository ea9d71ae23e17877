/** What does not change in the random worlds of Istio's routing, as pods of a mesh. */
import { CALLERS, WORKLOADS } from "../../models/routing/still-world.js";
import { namespace, podDeployment } from "./manifests.js";

/** Their namespaces, callers with sidecars, and workloads without. */
export const STILL_PODS: readonly string[] = [
  namespace("a", "enabled"),
  namespace("b", "enabled"),
  ...(["a", "b"] as const).map((own) => podDeployment("caller", own, CALLERS[own].labels, true)),
  ...WORKLOADS.map(({ name, namespace: own, labels }) =>
    podDeployment(name.replace(/-0$/, ""), own, labels, false),
  ),
];
