import type { Finding, Path } from "../kind.js";
import type { EnvoyConfigObjectPatch } from "../kinds/networking/envoy-patch.js";
import type { ResourceOf } from "../kinds.js";

/** Why a patch, or a part of it, has no effect, and where in the patch that is written. */
export interface PatchProblem {
  readonly path: Path;
  readonly message: string;
  /** Whether it is read by no version of the API, so that Istio refuses the resource. */
  readonly isUnreadable?: boolean;
  /** Whether the rest of the patch has an effect. */
  readonly isPartial?: boolean;
}

/** Reads a patch by Envoy's API; undefined when there is nothing wrong with it. */
export type CheckPatch = (patch: EnvoyConfigObjectPatch) => PatchProblem | undefined;

/**
 * A warning for each patch that is none of Envoy's API, or an error where nothing could read it: it is left out, and the
 * others are made.
 */
export function checkEnvoyPatches(
  { spec }: ResourceOf<"EnvoyFilter">,
  check: CheckPatch,
): readonly Finding[] {
  return (spec.configPatches ?? []).flatMap((patch, index): readonly Finding[] => {
    const problem = unreadable(patch, check) ?? check(patch);
    if (problem === undefined) return [];
    return [
      {
        path: ["spec", "configPatches", index, ...problem.path],
        code: "not-applied",
        message: `${problem.isPartial === true ? "a part of the patch" : "the patch"} has no effect: ${problem.message}`,
        severity: problem.isUnreadable === true ? "error" : "warning",
      },
    ];
  });
}

/** An operation that puts a value somewhere, by what it is for; MERGE for all else. */
const PUTTING: Readonly<Partial<Record<string, "ADD" | "REPLACE">>> = {
  EXTENSION_CONFIG: "ADD",
  LISTENER_FILTER: "REPLACE",
};

/** A value that nothing could read is refused whatever is to be done with it: Istio reads it before it looks at that. */
function unreadable(
  { applyTo, patch }: EnvoyConfigObjectPatch,
  check: CheckPatch,
): PatchProblem | undefined {
  if (applyTo === undefined || patch?.value === undefined) return undefined;
  const operation = PUTTING[applyTo] ?? "MERGE";
  const problem = check({ applyTo, patch: { operation, value: patch.value } });
  return problem?.isUnreadable === true ? problem : undefined;
}
