/** What the modules of extensions make of a call's end, which only a control plane that fetches them knows. */
import { expect, test, vi } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import { planScene } from "../../../src/cli/commands/explain/plan-scene.js";
import { explain } from "../../../src/console/explain/explain.js";
import { explanationLines } from "../../../src/console/explain/explanation-lines.js";
import { findProxy } from "../../../src/console/explain/scene.js";
import { moduleKey, type WasmModule } from "../../../src/mesh/extension/wasm-modules.js";

/** Each reads Envoy's API and builds a mesh. */
vi.setConfig({ testTimeout: 60_000 });

const [CLOSED, OPEN] = [
  "oci://registry.example.com/filters/judge:1.0",
  "https://modules.example.com/filter.wasm",
].map((url) => moduleKey({ url, sha256: "", pullSecret: "" })) as [string, string];
const FAILED: WasmModule = { state: "failed", problem: "it is gone" };
const READY: WasmModule = { state: "ready", sha256: "ab", code: Buffer.from("code") };

/** How a request of the caller ends, when this is known of the modules. */
async function endOf(modules: Readonly<Record<string, WasmModule>>): Promise<string | undefined> {
  const planned = await planScene(["test/golden/console/extended"]);
  const wasmModules = Table.from(Object.entries(modules));
  const scene = { ...planned, mesh: { ...planned.mesh, wasmModules } };
  const caller = findProxy(scene, "caller");
  if (caller === undefined) throw new Error("the mesh has no caller");
  const url = new URL("http://shop/");
  const requested = { method: "GET", url, headers: {}, at: Date.now() };
  return explanationLines(explain(scene, caller, requested)).at(-1);
}

test("a call ends at the extension that cannot run, unless that lets everything pass", async () => {
  expect(await endOf({ [CLOSED]: FAILED, [OPEN]: READY })).toBe(
    "100 % 503, response flags -, if TrafficExtension greeting.default lets it pass: " +
      "WasmPlugin fetched.default is without its module: it is gone",
  );
  expect(await endOf({ [CLOSED]: READY, [OPEN]: FAILED })).toBe(
    "100 % answered by shop-0.default, if TrafficExtension greeting.default lets it pass, and " +
      "WasmPlugin fetched.default lets it pass",
  );
});
