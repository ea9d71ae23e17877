/** The bootstrap as EnvoyFilters change it. See Istio, pilot/pkg/xds, `BootstrapGenerator`. */
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { Bootstrap } from "../bootstrap/bootstrap.js";
import type { Encoder } from "../resource/encoder.js";
import type { Refusal } from "../resource/resource-set.js";
import { compilePatch, TYPES } from "./compiled-patch.js";
import { merged, type PatchContext } from "./patch-message.js";
import { patchMessage } from "./patched-resource.js";

/** A bootstrap after patches, and those that are not in it because Envoy would not start with them. */
export interface PatchedBootstrap {
  readonly bootstrap: Bootstrap;
  readonly leftOut: readonly Refusal[];
}

/**
 * Those of the patches for a proxy that change its bootstrap. Nothing but merging does; a context is of no account, for a
 * bootstrap is of no side.
 */
export function bootstrapPatches(patches: EnvoyPatches): EnvoyPatches {
  return patches.filter(
    ({ applyTo, patch }) => applyTo === "BOOTSTRAP" && patch?.operation === "MERGE",
  );
}

/** The bootstrap after patches of `bootstrapPatches`; one whose value is no bootstrap changes nothing. */
export function patchBootstrap(
  encoder: Encoder,
  bootstrap: Bootstrap,
  patches: EnvoyPatches,
): PatchedBootstrap {
  const compiled = patches.flatMap((patch) => {
    const made = compilePatch(encoder, patch);
    return typeof made === "string" ? [] : [made];
  });
  const message = { type: TYPES.BOOTSTRAP, what: "the bootstrap", json: bootstrap };
  const patched = patchMessage(encoder, message, compiled, mergeAll);
  return { bootstrap: patched?.json ?? bootstrap, leftOut: patched?.leftOut ?? [] };
}

const mergeAll = (bootstrap: Bootstrap, context: PatchContext): Bootstrap =>
  context.patches.BOOTSTRAP.reduce((json, patch) => merged(json, patch, context), bootstrap);
