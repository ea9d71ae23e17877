import { describe } from "vitest";
import { tryRows } from "./findings-of.js";

describe("a WasmPlugin", () => {
  const plugin = (rest: object) => ({ url: "oci://registry.example.com/a:1", ...rest });
  const env = (...all: object[]) => plugin({ vmConfig: { env: all } });
  tryRows("WasmPlugin", [
    ["has a module", plugin({}), []],
    ["can leave out that it is an image", plugin({ url: "registry.example.com/a" }), []],
    ["comes from somewhere", plugin({ url: "" }), ["spec.url"]],
    ["comes by a protocol that there is", plugin({ url: "ftp://a/b" }), ["spec.url"]],
    [
      "comes from a port where the protocol is named",
      plugin({ url: "localhost:5000/a" }),
      ["spec.url"],
    ],
    ["comes from an address", plugin({ url: "#" }), ["spec.url"]],
    ["comes from a port that is one", plugin({ url: "a_b:x/c" }), ["spec.url"]],
    ["comes from a path that is one", plugin({ url: "https://a/%zz" }), ["spec.url"]],
    ["has a checksum of SHA-256", plugin({ sha256: "A".repeat(64) }), ["spec.sha256"]],
    [
      "has variables by their names",
      env({ name: "A", value: "1" }, { name: "A" }),
      ["spec.vmConfig.env[1].name"],
    ],
    [
      "has values of variables here or from the host",
      env(
        { name: "A", valueFrom: "HOST", value: "1" },
        { name: "B", valueFrom: "HOST", value: "" },
      ),
      ["spec.vmConfig.env[0].value", "spec.vmConfig.env[1].value"],
    ],
    [
      "is for ports in range",
      plugin({ match: [{ ports: [{ number: 0 }] }] }),
      ["spec.match[0].ports[0].number"],
    ],
    [
      "names a port once",
      plugin({ match: [{ ports: [{ number: 80 }, { number: 80 }] }] }),
      ["spec.match[0].ports[1].number"],
    ],
  ]);
});

describe("a TrafficExtension", () => {
  const lua = { inlineCode: "function envoy_on_request(handle) end" };
  tryRows("TrafficExtension", [
    ["can be a script", { lua }, []],
    ["is a script or a module", { lua, wasm: { url: "a.b/c" } }, ["spec.lua"]],
    ["can be in a phase, by its long name or its short one", { lua, phase: "AUTHZ" }, []],
    ["can be in no phase", { lua, phase: "UNSPECIFIED" }, []],
    ["is in no other phase", { lua, phase: "LAST" }, ["spec.phase"]],
    ["is something", {}, ["spec"]],
    ["has a script that is not empty", { lua: { inlineCode: "" } }, ["spec.lua.inlineCode"]],
    ["has a module that is checked", { wasm: { url: "a.b", sha256: "x" } }, ["spec.wasm.sha256"]],
  ]);
});
