import Type from "typebox";
import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { Int32, oneOf, optional, strict, type ValueOf } from "../value/fields.js";
import { atMostOne, type Findings, given, invalid } from "../value/findings.js";
import { checkPolicyTargets, PolicySelector, PolicyTargetReferences } from "../value/selectors.js";
import { luaProblem } from "./lua.js";
import { checkTrafficSelectors, checkWasm, TrafficSelectors, WasmConfig } from "./wasm-config.js";

/** Where in a filter chain an extension is: Istio's API has the long words, its examples the short ones. */
const ExecutionPhase = oneOf(
  "EXECUTION_PHASE_UNSPECIFIED",
  "EXECUTION_PHASE_AUTHN",
  "EXECUTION_PHASE_AUTHZ",
  "EXECUTION_PHASE_STATS",
  "UNSPECIFIED",
  "UNSPECIFIED_PHASE",
  "AUTHN",
  "AUTHZ",
  "STATS",
);

/** A Wasm module or a Lua script in the proxies of some workloads. */
export type TrafficExtensionSpec = ValueOf<typeof TrafficExtensionSpec>;
export const TrafficExtensionSpec = strict({
  selector: optional(PolicySelector),
  targetRefs: optional(PolicyTargetReferences),
  phase: optional(ExecutionPhase),
  priority: optional(Int32),
  match: optional(TrafficSelectors),
  wasm: optional(WasmConfig),
  lua: optional(strict({ inlineCode: Type.String({ minLength: 1, maxLength: 65536 }) })),
});

/** Istio's TrafficExtension. */
export const trafficExtension = {
  kind: "TrafficExtension",
  group: "extensions.istio.io",
  versions: ["v1alpha1"],
  body: "spec",
  schema: TrafficExtensionSpec,
  check: checkedByIstio(checkTrafficExtension),
} as const satisfies KindDefinition<TrafficExtensionSpec>;

function* checkTrafficExtension({ kind, spec }: ConfigResource<TrafficExtensionSpec>): Findings {
  yield* checkPolicyTargets(spec, ["spec"]);
  yield* atMostOne(spec, ["spec"], ["wasm", "lua"]);
  if (spec.wasm === undefined && spec.lua === undefined) {
    yield invalid(["spec"], `a ${kind} needs wasm or lua`);
  }
  yield* given(spec.match, ["spec", "match"], checkTrafficSelectors);
  yield* given(spec.wasm, ["spec", "wasm"], checkWasm);
  yield* given(spec.lua?.inlineCode, ["spec", "lua", "inlineCode"], checkScript);
}

function* checkScript(code: string, path: Path): Findings {
  const problem = luaProblem(code);
  if (problem === undefined) return;
  yield invalid(path, `line ${String(problem.line)} of the script: ${problem.message}`);
}
