/** Patches that change nothing of what any proxy is sent, as a user is told of them. */
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { Path } from "../../config/kind.js";
import { formatRef } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import type { EnvoyPatch, EnvoyPatches } from "../../mesh/extension/envoy-filters.js";

/** Patches without an effect as diagnostics, in order. */
export function idlePatchDiagnostics(
  patches: EnvoyPatches,
  snapshot: Pick<ConfigSnapshot, "locate">,
): readonly Diagnostic[] {
  return patches
    .map((patch): Diagnostic => {
      const { source, applyTo = "INVALID" } = patch;
      const position = snapshot.locate(source, placeOf(patch));
      return {
        severity: "warning",
        code: "not-applied",
        message: `the patch changes nothing: no ${applyTo} of the connected proxies that it is for is as its match says, or each is so already`,
        ...(position === undefined ? {} : { position }),
        resource: formatRef(source),
      };
    })
    .sort(compareDiagnostics);
}

/** Its match, which is most likely to blame. */
const placeOf = ({ path, match }: EnvoyPatch): Path => [
  ...path,
  ...(match === undefined ? [] : ["match"]),
];
