/** Filters that users add: their place in a chain, and where their configuration is. */

import type { AnyJson } from "@bufbuild/protobuf/wkt";
import { typeUrlOf } from "../../base/protobuf/type-url.js";
import type { Extension } from "../../mesh/extension/extensions.js";
import { isFile } from "../../mesh/extension/wasm-modules.js";
import { any } from "../any.js";
import type { ExtensionConfigSourceJson, FilterJson, HttpFilterJson } from "../api.js";

/** Which filters an extension is among: those of requests, or those of connections. */
export type ExtensionLayer = "HTTP" | "NETWORK";

/** The messages that a filter of Wasm can be configured by, of each layer: the first is its own, the others stand in for it. */
export const WASM_TYPES = {
  HTTP: {
    wasm: "envoy.extensions.filters.http.wasm.v3.Wasm",
    rbac: "envoy.extensions.filters.http.rbac.v3.RBAC",
  },
  NETWORK: {
    wasm: "envoy.extensions.filters.network.wasm.v3.Wasm",
    rbac: "envoy.extensions.filters.network.rbac.v3.RBAC",
  },
} as const;

/** The message of a filter that runs a script. */
export const LUA_TYPE = "envoy.extensions.filters.http.lua.v3.Lua";

/** The layer of an extension; scripts are for requests alone. */
export const layerOf = ({ runs }: Pick<Extension, "runs">): ExtensionLayer =>
  "wasm" in runs && runs.wasm.type === "NETWORK" ? "NETWORK" : "HTTP";

/** Whether traffic passes where an extension cannot be run; else it fails there. See Istio, FailStrategy. A script is left out. */
export const failsOpen = ({ runs }: Pick<Extension, "runs">): boolean =>
  !("wasm" in runs) || runs.wasm.failStrategy === "FAIL_OPEN";

/** What a filter of RBAC is that lets everything pass. */
export const passingRbac = (layer: ExtensionLayer): AnyJson =>
  any(WASM_TYPES[layer].rbac, layer === "HTTP" ? {} : { statPrefix: "extension." });

/**
 * How long a listener waits for the configuration of a filter, in which Envoy goes on with the listener that it had: for a module
 * that is fetched, longer than it takes at most until it is known what becomes of it. Without an end it would wait for ever for
 * what it has refused before.
 */
const FETCH_TIMEOUT = "35s";
const USUAL_TIMEOUT = "5s";

/** The filter of an extension: what configures it is asked for by its name, so that no connection ends when that changes. */
export function extensionFilter(extension: Extension): HttpFilterJson | FilterJson {
  const { name, runs } = extension;
  const layer = layerOf(extension);
  const isFetched = "wasm" in runs && !isFile(runs.wasm);
  const configDiscovery: ExtensionConfigSourceJson = {
    configSource: {
      ads: {},
      initialFetchTimeout: isFetched ? FETCH_TIMEOUT : USUAL_TIMEOUT,
      resourceApiVersion: "V3",
    },
    // Without any configuration Envoy answers requests with 500, and ends connections.
    ...(failsOpen(extension) ? { defaultConfig: passingRbac(layer) } : {}),
    typeUrls: typesOf(extension).map(typeUrlOf),
  };
  return { name, configDiscovery };
}

function typesOf({ runs }: Extension): readonly string[] {
  if (!("wasm" in runs)) return [LUA_TYPE, WASM_TYPES.HTTP.rbac];
  const { wasm, rbac } = WASM_TYPES[layerOf({ runs })];
  return layerOf({ runs }) === "HTTP" ? [wasm, rbac, LUA_TYPE] : [wasm, rbac];
}
