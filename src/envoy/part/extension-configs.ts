/** What configures the extensions of proxies that ask for it by name (ECDS). */
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { Extension } from "../../mesh/extensions.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy.js";
import { moduleKey, moduleReference, type WasmModule } from "../../mesh/wasm-modules.js";
import { encodeResource } from "../encode-resource.js";
import type { Encoder } from "../encoder.js";
import { extensionConfig } from "../extension/extension-config.js";
import { type EnvoyResource, type ResourceSet, resourceSet } from "../resource-set.js";
import { MESSAGE } from "./envoy-types.js";
import type { ExtensionSources, Patches } from "./patches.js";

/** What of a mesh it is made of. */
export type ExtensionMesh = ExtensionSources & Pick<Mesh, "wasmModules">;

const NOTHING: ResourceSet = Table.empty();

/** The maker of the configurations of a proxy's extensions. Of a module that is still being fetched there is none. */
export function createExtensionConfigs(
  engine: Engine,
  encoder: Encoder,
  patches: Pick<Patches, "extensions">,
): (mesh: ExtensionMesh, proxy: Proxy) => ResourceSet {
  const encode = engine.memo(
    "configuration of an extension",
    (extension: Extension, module: WasmModule | undefined): EnvoyResource => {
      const { name, path, source } = extension;
      const json = { name, typedConfig: extensionConfig(extension, module) };
      const sources = [source];
      return {
        ...encodeResource(encoder, MESSAGE.extensionConfig, { name, json, sources }),
        sourcePath: path,
      };
    },
  );
  const configOf = (
    { wasmModules }: ExtensionMesh,
    extension: Extension,
  ): readonly EnvoyResource[] => {
    const { runs, source } = extension;
    const reference = "wasm" in runs ? moduleReference(source.namespace, runs.wasm) : undefined;
    const module = reference && wasmModules.get(moduleKey(reference));
    return reference !== undefined && module === undefined ? [] : [encode(extension, module)];
  };
  const together = engine.memo("configurations together", (...all: EnvoyResource[]) =>
    resourceSet(all),
  );
  return (mesh, proxy) => {
    const all = patches.extensions(mesh, proxy).flatMap((one) => configOf(mesh, one));
    return all.length === 0 ? NOTHING : together(...all);
  };
}
