/** Steps, with the parts of resources that decide them. */
import type { Decision } from "../../mesh/security/tls-decisions.js";
import type { Step } from "./explanation.js";
import { sourceAt } from "./provenance.js";
import type { Scene } from "./scene.js";

/** A step that some parts of resources decide. */
export function step(
  scene: Pick<Scene, "snapshot">,
  about: string,
  says: string,
  decisions: readonly Decision[],
): Step {
  return { about, says, sources: decisions.map((one) => sourceAt(scene, one)) };
}

/** What made something, as a step; none of what every mesh has. */
export const madeBy = (scene: Scene, decisions: readonly Decision[]): readonly Step[] =>
  decisions.length === 0 ? [] : [step(scene, "made", "", decisions)];
