import { readDescriptors } from "../../app/package-files.js";
import type { CheckPatch } from "../../config/references/envoy-patches.js";
import type { Source } from "../../config/sources/source.js";
import { createPatchCheck } from "../../envoy/patch/check-patch.js";
import { createEncoder } from "../../envoy/resource/encoder.js";

/**
 * A check of the patches in some files; none when they have no EnvoyFilter, for which alone Envoy's API would be read.
 * @throws AppError when the package has no descriptors
 */
export async function patchCheckFor(
  sources: readonly Source[],
): Promise<{ readonly checkPatch?: CheckPatch }> {
  const hasPatches = sources.some((one) => one.type === "text" && one.text.includes("EnvoyFilter"));
  return hasPatches ? { checkPatch: createPatchCheck(createEncoder(await readDescriptors())) } : {};
}
