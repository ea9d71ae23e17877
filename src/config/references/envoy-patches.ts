import type { Finding, Path } from "../kind.js";
import type { EnvoyConfigObjectPatch } from "../kinds/envoy-patch.js";
import type { ResourceOf } from "../kinds.js";

/** Why a patch has no effect, and where in the patch that is written. */
export interface PatchProblem {
  readonly path: Path;
  readonly message: string;
}

/** Reads a patch by Envoy's API; undefined when there is nothing wrong with it. */
export type CheckPatch = (patch: EnvoyConfigObjectPatch) => PatchProblem | undefined;

/** A warning for each patch that is none of Envoy's API: it is left out, and the others are made. */
export function checkEnvoyPatches(
  { spec }: ResourceOf<"EnvoyFilter">,
  check: CheckPatch,
): readonly Finding[] {
  return (spec.configPatches ?? []).flatMap((patch, index): readonly Finding[] => {
    const problem = check(patch);
    if (problem === undefined) return [];
    return [
      {
        path: ["spec", "configPatches", index, ...problem.path],
        code: "not-applied",
        message: `the patch has no effect: ${problem.message}`,
        severity: "warning",
      },
    ];
  });
}
