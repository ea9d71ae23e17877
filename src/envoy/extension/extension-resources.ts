/** What configures the extensions of proxies that ask for it by name (ECDS). */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Extension } from "../../mesh/extension/extensions.js";
import { moduleKey, moduleReference, type WasmModule } from "../../mesh/extension/wasm-modules.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { ExtensionSources, Patches } from "../patch/patches.js";
import { encodeResource, madeOrWithheld } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import { type EnvoyResource, type ResourceSet, resourceSet } from "../resource/resource-set.js";
import { extensionConfig, standIn } from "./extension-config.js";

/** What of a mesh it is made of. */
export type ExtensionMesh = ExtensionSources & Pick<Mesh, "wasmModules">;

const NOTHING: ResourceSet = Table.empty();

/** Why nothing is sent of an extension whose module is being fetched: a proxy goes on with what it has under that name. */
function awaited(encoder: Encoder, { name, source, path }: Extension): EnvoyResource {
  const sources = [source];
  const reason = "its module is not fetched yet";
  const refusal = { reason, violations: [], sources, isAwaited: true } as const;
  const { bytes, version } = encoder.encode(MESSAGE.extensionConfig, { name });
  return { name, bytes, version, sources, sourcePath: path, refusal };
}

/** The maker of the configurations of a proxy's extensions. */
export function createExtensionConfigs(
  engine: Engine,
  encoder: Encoder,
  patches: Pick<Patches, "extensions">,
): (mesh: ExtensionMesh, proxy: Proxy) => ResourceSet {
  const encode = engine.memo(
    "configuration of an extension",
    (extension: Extension, module: WasmModule | undefined): EnvoyResource => {
      const { name, path, source } = extension;
      const named = { name, sources: [source] };
      const made = madeOrWithheld(encoder, MESSAGE.extensionConfig, named, () => {
        const json = { name, typedConfig: extensionConfig(extension, module) };
        return encodeResource(encoder, MESSAGE.extensionConfig, { ...named, json });
      });
      return { ...made, sourcePath: path, standIn: inPlaceOf(extension) };
    },
  );
  const inPlaceOf = engine.memo("stand-in of an extension", (extension: Extension) => {
    const { name, source, path } = extension;
    const json = { name, typedConfig: standIn(extension) };
    const sources = [source];
    return {
      ...encodeResource(encoder, MESSAGE.extensionConfig, { name, json, sources }),
      sourcePath: path,
    };
  });
  const without = engine.memo("extension without its module", (extension: Extension) =>
    awaited(encoder, extension),
  );
  const configOf = ({ wasmModules }: ExtensionMesh, extension: Extension): EnvoyResource => {
    const { runs, source } = extension;
    const reference = "wasm" in runs ? moduleReference(source.namespace, runs.wasm) : undefined;
    const module = reference && wasmModules.get(moduleKey(reference));
    const isAwaited = reference !== undefined && module === undefined;
    return isAwaited ? without(extension) : encode(extension, module);
  };
  const together = engine.memo("configurations together", (...all: EnvoyResource[]) =>
    resourceSet(all),
  );
  return (mesh, proxy) => {
    const all = patches.extensions(mesh, proxy).map((one) => configOf(mesh, one));
    return all.length === 0 ? NOTHING : together(...all);
  };
}
