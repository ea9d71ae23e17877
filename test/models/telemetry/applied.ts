/** Which Telemetry resources are for a proxy. */
import { byAge, selects } from "../routing/objects.js";
import { ROOT_NAMESPACE } from "../routing/visibility.js";
import type { Side, Telemetry, Teller, World } from "./objects.js";

const isWhole = ({ spec: { selector, targetRefs = [] } }: Telemetry): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && targetRefs.length === 0;

/** By its labels, or because it is the gateway that is named. */
function isMeant({ spec }: Telemetry, { labels }: Teller): boolean {
  const { selector, targetRefs = [] } = spec;
  if (targetRefs.length === 0) return selects(selector?.matchLabels ?? {}, labels);
  const own = labels["gateway.networking.k8s.io/gateway-name"];
  return targetRefs.some(({ kind, name }) => kind === "Gateway" && name === own);
}

/**
 * "Root namespace, namespace, workload": of the first two one resource each, the oldest; of the last all of the proxy's own
 * namespace that mean it, the oldest first.
 */
export function appliedTo({ telemetries }: World, teller: Teller): readonly Telemetry["spec"][] {
  const all = [...telemetries].sort(byAge);
  const inNamespace = (own: string): readonly Telemetry[] =>
    all.filter(({ metadata }) => metadata.namespace === own);
  const wide = [...new Set([ROOT_NAMESPACE, teller.namespace])].flatMap(
    (own) => inNamespace(own).find(isWhole) ?? [],
  );
  const own = inNamespace(teller.namespace).filter((one) => !isWhole(one) && isMeant(one, teller));
  return [...wide, ...own].map(({ spec }) => spec);
}

/** "CLIENT_AND_SERVER" is both, and what is not said. */
export const isOf = (side: Side, mode: string | undefined): boolean =>
  mode === undefined || mode === "CLIENT_AND_SERVER" || mode === side;
