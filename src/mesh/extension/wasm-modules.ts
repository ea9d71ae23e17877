/** Wasm modules: which ones plugins name, and what is known of them. */
import type { Table } from "../../base/table/table.js";
import type { WasmConfig } from "../../config/kinds/extensions/wasm-config.js";
import { schemeOf } from "../../config/kinds/value/urls.js";

/** What became of fetching a module. */
export type WasmModule =
  | { readonly state: "ready"; readonly sha256: string; readonly code: Uint8Array }
  /** Why there is none, in words for the plugin's author. */
  | { readonly state: "failed"; readonly problem: string };

/** By the keys of their references. Of one that is being fetched for the first time there is nothing. */
export type WasmModules = Table<WasmModule>;

/** A module that somebody else than the Envoys has to fetch: by HTTP, or from a registry of images. */
export interface ModuleReference {
  /** With its scheme: `https`, `http` or `oci`. */
  readonly url: string;
  /** What its SHA-256 has to be, in small hexadecimal digits; `""` where the plugin leaves that open. */
  readonly sha256: string;
  /** The Secret with the credentials of the registry, `namespace/name`, of the plugin's namespace; `""` without one. */
  readonly pullSecret: string;
}

/** Whether a module is a file on the machine of each proxy. */
export const isFile = ({ url }: Pick<WasmConfig, "url">): boolean => schemeOf(url) === "file";

/** The module of a plugin in a namespace; undefined when it is a file of the proxy's machine. */
export function moduleReference(namespace: string, wasm: WasmConfig): ModuleReference | undefined {
  if (isFile(wasm)) return undefined;
  const { url, sha256 = "", imagePullSecret = "" } = wasm;
  return {
    url: schemeOf(url) === undefined ? `oci://${url}` : url,
    sha256,
    pullSecret: imagePullSecret === "" ? "" : `${namespace}/${imagePullSecret}`,
  };
}

/** What tells references apart. */
export const moduleKey = ({ url, sha256, pullSecret }: ModuleReference): string =>
  JSON.stringify([url, sha256, pullSecret]);
