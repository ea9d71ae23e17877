import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { createExtensionConfigs } from "../../../src/envoy/extension/extension-resources.js";
import { createPatches } from "../../../src/envoy/patch/patches.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type { ResourceSet } from "../../../src/envoy/resource/resource-set.js";
import { createExtensions } from "../../../src/mesh/extension/extensions.js";
import { moduleKey, type WasmModule } from "../../../src/mesh/extension/wasm-modules.js";
import type { Proxy } from "../../../src/mesh/proxy/proxy.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();
const URL = "https://modules.example.com/filter.wasm";
const proxy = { namespace: "default", labels: {} } as unknown as Proxy;

const READY: WasmModule = { state: "ready", sha256: "ab", code: Buffer.from("code") };
const FAILED: WasmModule = { state: "failed", problem: "it is gone" };

/** What configures the extensions of a proxy when this is known of the module of the only one. */
function setOf(module: WasmModule | undefined, says: object = {}): ResourceSet {
  const engine = new Engine();
  const text = JSON.stringify({
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name: "one" },
    spec: { url: URL, imagePullSecret: "pull", ...says },
  });
  const { tables } = parseOffline([{ path: "a.yaml", text }]);
  const key = moduleKey({ url: URL, sha256: "", pullSecret: "default/pull" });
  const configs = createExtensionConfigs(engine, encoder, createPatches(engine, encoder));
  const mesh = {
    extensions: createExtensions(engine)(tables),
    config: meshConfigOf(undefined),
    wasmModules: module === undefined ? Table.empty<WasmModule>() : Table.from([[key, module]]),
  };
  return configs(mesh, proxy);
}

/** The same, decoded. */
const configsOf = (...given: Parameters<typeof setOf>): readonly unknown[] =>
  [...setOf(...given).values()].map(({ bytes }) => encoder.decode(MESSAGE.extensionConfig, bytes));

test("sends nothing of a module that is still being fetched, and takes nothing away", () => {
  const [only] = [...setOf(undefined).values()];
  expect(only?.refusal?.reason).toBe("its module is not fetched yet");
});

test("has the bytes of a module that was fetched", () => {
  expect(configsOf(READY)).toMatchObject([
    {
      name: "extensions.istio.io/wasmplugin/default.one",
      typedConfig: {
        config: {
          vmConfig: { code: { local: { inlineBytes: Buffer.from("code").toString("base64") } } },
          failurePolicy: "FAIL_CLOSED",
        },
      },
    },
  ]);
});

const PACKAGE = "type.googleapis.com/envoy.extensions.filters";

test.each([
  ["answers requests", {}, `${PACKAGE}.http.lua.v3.Lua`, '"503"'],
  ["answers requests", { failStrategy: "FAIL_RELOAD" }, `${PACKAGE}.http.lua.v3.Lua`, '"503"'],
  ["lets requests pass", { failStrategy: "FAIL_OPEN" }, `${PACKAGE}.http.rbac.v3.RBAC`, ""],
  ["ends connections", { type: "NETWORK" }, `${PACKAGE}.network.rbac.v3.RBAC`, '"rules"'],
  [
    "lets connections pass",
    { type: "NETWORK", failStrategy: "FAIL_OPEN" },
    `${PACKAGE}.network.rbac.v3.RBAC`,
    "",
  ],
])("in the place of a module that cannot be had %s as %j says", (_what, says, type, part) => {
  const [made] = configsOf(FAILED, says) as readonly [{ readonly typedConfig: object }];
  expect(made.typedConfig).toMatchObject({ "@type": type });
  const text = JSON.stringify(made.typedConfig).replaceAll("\\", "");
  expect(text).toContain(part);
  expect(text.includes("rules")).toBe(part === '"rules"');
});
