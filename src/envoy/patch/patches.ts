/** The patches of extensions and, after them, of EnvoyFilters, which can change what extensions add. */
import type { Engine } from "../../base/engine/engine.js";
import {
  createEnvoyPatches,
  type EnvoyPatches,
  type PatchKey,
  patchKeysIn,
} from "../../mesh/extension/envoy-filters.js";
import { createExtensionFinder, type Extension } from "../../mesh/extension/extensions.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { extensionPatches } from "../extension/extension-patches.js";
import type { Encoder } from "../resource/encoder.js";
import { createPatching, type Patching } from "./patched-sets.js";

/** What of a mesh says which patches there are. */
export type PatchSources = Pick<Mesh, "envoyFilters" | "extensions" | "config">;

/** What of a mesh says which extensions there are. */
export type ExtensionSources = Pick<Mesh, "extensions" | "config">;

/** Patches, and whom they are for. Who asks for the same patches is given one list. */
export interface Patches {
  readonly patching: Patching;
  /** The patches for a proxy, in the order in which they are made. */
  readonly for: (mesh: PatchSources, proxy: Proxy) => EnvoyPatches;
  /** Those of a key. */
  readonly at: (
    mesh: Pick<PatchSources, "envoyFilters" | "extensions">,
    key: string,
  ) => EnvoyPatches;
  /** The extensions of a proxy, in the order in which traffic passes them. */
  readonly extensions: (mesh: ExtensionSources, proxy: Proxy) => readonly Extension[];
}

/** The maker of patches, and their finder. */
export function createPatches(engine: Engine, encoder: Encoder): Patches {
  const filters = createEnvoyPatches(engine);
  const extensions = createExtensionFinder(engine);
  const made = engine.memo("patches of an extension", extensionPatches);
  const list = engine.memo("all patches together", (...patches: EnvoyPatches) => patches);
  const together = (own: EnvoyPatches, others: EnvoyPatches): EnvoyPatches =>
    own.length === 0 ? others : list(...own, ...others);
  const extensionsOf: Patches["extensions"] = (mesh, proxy) =>
    extensions.of(mesh.extensions, mesh.config.rootNamespace, proxy);
  const extensionAt = (all: Mesh["extensions"], { ref, index }: PatchKey): EnvoyPatches =>
    extensions.at(all, ref).flatMap((one) => made(one)[index] ?? []);
  return {
    patching: createPatching(engine, encoder),
    for: (mesh, proxy) =>
      together(
        extensionsOf(mesh, proxy).flatMap((one) => made(one)),
        filters.of(mesh.envoyFilters, mesh.config.rootNamespace, proxy),
      ),
    at: (mesh, key) => {
      const keys = patchKeysIn(key);
      const own = keys.filter(({ ref }) => ref.kind !== "EnvoyFilter");
      return together(
        own.flatMap((one) => extensionAt(mesh.extensions, one)),
        filters.at(mesh.envoyFilters, keys),
      );
    },
    extensions: extensionsOf,
  };
}
