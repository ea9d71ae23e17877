/** What configures the filter of an extension, by itself: a proxy asks for it by the filter's name (ECDS). */
import type { AnyJson } from "@bufbuild/protobuf/wkt";
import { defined } from "../../base/defined.js";
import type { WasmConfig } from "../../config/kinds/extensions/wasm-config.js";
import type { Extension } from "../../mesh/extension/extensions.js";
import type { WasmModule } from "../../mesh/extension/wasm-modules.js";
import { any } from "../any.js";
import { failsOpen, LUA_TYPE, layerOf, passingRbac, WASM_TYPES } from "./extension-filter.js";

/** Where Envoy has the bytes of a module from. */
type CodeSource = { readonly filename: string } | { readonly inlineBytes: string };

/** Without bytes the module is a file on the machine of the proxy. */
const sourceOf = ({ url }: WasmConfig, code: Uint8Array | undefined): CodeSource =>
  code === undefined
    ? { filename: url.replace(/^file:\/\//i, "") }
    : { inlineBytes: Buffer.from(code).toString("base64") };

/** In Istio's words and in Envoy's. */
const FAILURE_POLICIES = {
  FAIL_CLOSE: "FAIL_CLOSED",
  FAIL_OPEN: "FAIL_OPEN",
  FAIL_RELOAD: "FAIL_RELOAD",
} as const;

/** The variables that are given, and the names of those that are taken from the proxy's own. */
function environment({ vmConfig }: WasmConfig): object | undefined {
  const { env = [] } = vmConfig ?? {};
  if (env.length === 0) return undefined;
  const isOwn = ({ valueFrom }: (typeof env)[number]): boolean => valueFrom === "HOST";
  const given = env.filter((one) => !isOwn(one));
  return {
    hostEnvKeys: env.filter(isOwn).map(({ name }) => name),
    keyValues: Object.fromEntries(given.map(({ name, value = "" }) => [name, value])),
  };
}

/** How Envoy runs a module. See Istio, TrafficExtensionWrapper.buildWasmConfig. */
function pluginConfig(
  { source }: Extension,
  wasm: WasmConfig,
  code: Uint8Array | undefined,
): object {
  const { pluginConfig: configuration = {}, pluginName = "", failStrategy } = wasm;
  const isConfigured = Object.keys(configuration).length > 0;
  return {
    name: `${source.namespace}.${source.name}`,
    rootId: pluginName,
    ...(isConfigured
      ? {
          configuration: any("google.protobuf.StringValue", {
            value: JSON.stringify(configuration),
          }),
        }
      : {}),
    failurePolicy: FAILURE_POLICIES[failStrategy ?? "FAIL_CLOSE"],
    vmConfig: {
      runtime: "envoy.wasm.runtime.v8",
      code: { local: sourceOf(wasm, code) },
      ...defined({ environmentVariables: environment(wasm) }),
    },
  };
}

/** A filter that runs a script of Lua. */
const script = (code: string): AnyJson =>
  any(LUA_TYPE, { defaultSourceCode: { inlineString: code } });

/** What answers requests in the place of a module that there is not. */
const UNAVAILABLE = `function envoy_on_request(request)
  request:respond({[":status"] = "503"}, "a Wasm module of this proxy is not available\\n")
end
`;

/** What stands in for an extension that a proxy cannot run. */
export function standIn(extension: Extension): AnyJson {
  const layer = layerOf(extension);
  if (failsOpen(extension)) return passingRbac(layer);
  if (layer === "HTTP") return script(UNAVAILABLE);
  // Rules that allow nobody.
  return any(WASM_TYPES.NETWORK.rbac, { rules: { action: "ALLOW" }, statPrefix: "extension." });
}

/**
 * The configuration of an extension's filter, given what is known of its module; of a module of which nothing is, that of a file
 * on the proxy's machine.
 */
export function extensionConfig(extension: Extension, module: WasmModule | undefined): AnyJson {
  const { runs } = extension;
  if (!("wasm" in runs)) return script(runs.lua);
  if (module?.state === "failed") return standIn(extension);
  const config = pluginConfig(extension, runs.wasm, module?.code);
  return any(WASM_TYPES[layerOf(extension)].wasm, { config });
}
