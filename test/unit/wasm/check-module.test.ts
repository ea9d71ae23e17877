import { expect, test } from "vitest";
import { moduleProblem } from "../../../src/wasm/check-module.js";
import { minimalPlugin, type PluginText, pluginText, wasmFromText } from "../../wasm/wat-module.js";

const problemOf = async (text: PluginText = {}) => moduleProblem(await minimalPlugin(text));
const imports = (module: string, ...names: readonly string[]): PluginText => ({
  imports: names.map((name) => `(import "${module}" "${name}" (func))`).join("\n"),
});

test("a plugin with all that Envoy needs is one", async () => {
  expect(await problemOf()).toBeUndefined();
});

test.each([
  ["malloc", "it exports neither of malloc, proxy_on_memory_allocate"],
  [
    "proxy_abi_version_0_2_1",
    "it exports none of proxy_abi_version_0_1_0, proxy_abi_version_0_2_0, proxy_abi_version_0_2_1",
  ],
] as const)("one without %s is none", async (without, problem) => {
  expect(await problemOf({ without })).toContain(problem);
});

test("one without a memory is none, and one whose memory nobody else sees", async () => {
  expect(await problemOf({ without: "memory" })).toBe("the module exports no memory");
});

test("the allocator may have the name that proxies gave it", async () => {
  const text = pluginText().replace('"malloc"', '"proxy_on_memory_allocate"');
  expect(await moduleProblem(await wasmFromText(text))).toBeUndefined();
});

test.each([
  imports("wasi_snapshot_preview1", "fd_write", "poll_oneoff"),
  imports("wasi_unstable", "clock_time_get"),
  imports("env", "emscripten_notify_memory_growth", "proxy_get_log_level"),
  { imports: '(import "env" "any" (table 1 funcref))' },
])("what Envoy has may be imported: %j", async (text) => {
  expect(await problemOf(text)).toBeUndefined();
});

test.each([
  [imports("env", "abort"), "env.abort"],
  [imports("env", "proxy_continue_request"), "env.proxy_continue_request"],
  [imports("wasi_snapshot_preview1", "proc_raise"), "wasi_snapshot_preview1.proc_raise"],
  [imports("wasi_snapshot_preview2", "fd_write"), "wasi_snapshot_preview2.fd_write"],
  [{ imports: '(import "env" "base" (global i32))' }, "env.base"],
  [imports("env", "a", "b", "c", "d", "e", "f"), "env.a, env.b, env.c, env.d, env.e and 1 more"],
])("what it does not have may not: %j", async (text, missing) => {
  expect(await problemOf(text)).toBe(`the module needs what Envoy does not have: ${missing}`);
});

test("what an older interface has may be imported by a module of that", async () => {
  const text = pluginText(imports("env", "proxy_continue_request"));
  const old = text.replace("proxy_abi_version_0_2_1", "proxy_abi_version_0_1_0");
  expect(await moduleProblem(await wasmFromText(old))).toBeUndefined();
});

test("what is no module at all is none, nor is one that ends too early", async () => {
  const code = await minimalPlugin();
  expect(await moduleProblem(Buffer.from("<html>"))).toBe("what is there is no WebAssembly module");
  expect(await moduleProblem(code.slice(0, -20))).toBe(
    "what is there is no WebAssembly module that can be compiled",
  );
});
