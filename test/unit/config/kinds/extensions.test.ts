import { describe } from "vitest";
import { tryRows } from "./findings-of.js";

const NOT_APPLIED = "warning kind";

describe("a WasmPlugin", () => {
  const plugin = (rest: object) => ({ url: "oci://registry.example.com/a:1", ...rest });
  const env = (...all: object[]) => plugin({ vmConfig: { env: all } });
  tryRows("WasmPlugin", [
    ["has no effect, and says so", plugin({}), [NOT_APPLIED]],
    ["can leave out that it is an image", plugin({ url: "registry.example.com/a" }), [NOT_APPLIED]],
    ["comes from somewhere", plugin({ url: "" }), ["spec.url"]],
    ["comes by a protocol that there is", plugin({ url: "ftp://a/b" }), ["spec.url", NOT_APPLIED]],
    ["comes from an address", plugin({ url: "#" }), ["spec.url", NOT_APPLIED]],
    ["has a checksum of SHA-256", plugin({ sha256: "A".repeat(64) }), ["spec.sha256", NOT_APPLIED]],
    [
      "has variables by their names",
      env({ name: "A", value: "1" }, { name: "A" }),
      ["spec.vmConfig.env[1].name", NOT_APPLIED],
    ],
    [
      "has values of variables here or from the host",
      env({ name: "A", valueFrom: "HOST", value: "1" }),
      ["spec.vmConfig.env[0].value", NOT_APPLIED],
    ],
    [
      "is for ports in range",
      plugin({ match: [{ ports: [{ number: 0 }] }] }),
      ["spec.match[0].ports[0].number"],
    ],
    [
      "names a port once",
      plugin({ match: [{ ports: [{ number: 80 }, { number: 80 }] }] }),
      ["spec.match[0].ports[1].number", NOT_APPLIED],
    ],
  ]);
});

describe("a TrafficExtension", () => {
  const lua = { inlineCode: "function envoy_on_request(handle) end" };
  tryRows("TrafficExtension", [
    ["can be a script, which has no effect", { lua }, [NOT_APPLIED]],
    ["is a script or a module", { lua, wasm: { url: "a.b/c" } }, ["spec.lua", NOT_APPLIED]],
    [
      "can be in a phase, by its long name or its short one",
      { lua, phase: "AUTHZ" },
      [NOT_APPLIED],
    ],
    ["is in no other phase", { lua, phase: "LAST" }, ["spec.phase"]],
    ["is something", {}, ["spec", NOT_APPLIED]],
    ["has a script that is not empty", { lua: { inlineCode: "" } }, ["spec.lua.inlineCode"]],
    [
      "has a module that is checked",
      { wasm: { url: "a.b", sha256: "x" } },
      ["spec.wasm.sha256", NOT_APPLIED],
    ],
  ]);
});
