/** What locality load balancing makes of a call. */
import { groupBy } from "../../base/group-by.js";
import type { ClusterJson } from "../../envoy/api.js";
import type { Branch } from "../../simulator/journey.js";
import type { Step } from "./explanation.js";
import { percentOf } from "./explanation-lines.js";
import { policyField } from "./provenance.js";
import type { Scene } from "./scene.js";
import { step } from "./step.js";

/**
 * Which localities of a cluster are called, and which once those before are not healthy; nothing where all are called alike. To
 * people they are places.
 */
export function localitySteps(
  scene: Scene,
  config: ClusterJson,
  { places = [] }: Branch,
): readonly Step[] {
  const groups = [...groupBy(places, ({ priority }) => priority)].sort(([a], [b]) => a - b);
  const isWeighted = config.commonLbConfig?.localityWeightedLbConfig !== undefined;
  if (groups.length < 2 && !(isWeighted && places.length > 1)) return [];
  const said = groups.map(([, group]) => {
    const isShared = isWeighted && group.length > 1 && group.some(({ share }) => share > 0);
    return group
      .map(({ place, share }) => {
        const name = place === "" ? "where nobody said" : place;
        return isShared ? `${percentOf(share)} in ${name}` : name;
      })
      .join(", ");
  });
  const decision = policyField(scene, config, "loadBalancer");
  const decisions = decision === undefined ? [] : [decision];
  return [step(scene, "places", said.join("; then "), decisions)];
}
