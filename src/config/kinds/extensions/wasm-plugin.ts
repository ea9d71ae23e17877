import type { KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { Int32, oneOf, optional, strict, type ValueOf } from "../value/fields.js";
import { type Findings, given } from "../value/findings.js";
import {
  checkPolicyTargets,
  PolicySelector,
  PolicyTargetReference,
  PolicyTargetReferences,
} from "../value/selectors.js";
import { checkTrafficSelectors, checkWasm, TrafficSelectors, WASM_FIELDS } from "./wasm-config.js";

/** A Wasm module in the proxies of some workloads. */
export type WasmPluginSpec = ValueOf<typeof WasmPluginSpec>;
export const WasmPluginSpec = strict({
  ...WASM_FIELDS,
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  phase: optional(oneOf("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS")),
  priority: optional(Int32),
  match: optional(TrafficSelectors),
});

/** Istio's WasmPlugin. */
export const wasmPlugin = {
  kind: "WasmPlugin",
  group: "extensions.istio.io",
  versions: ["v1alpha1"],
  body: "spec",
  schema: WasmPluginSpec,
  check: checkedByIstio(checkWasmPlugin),
} as const satisfies KindDefinition<WasmPluginSpec>;

function* checkWasmPlugin({ spec }: ConfigResource<WasmPluginSpec>): Findings {
  yield* checkPolicyTargets(spec, ["spec"]);
  yield* checkWasm(spec, ["spec"]);
  yield* given(spec.match, ["spec", "match"], checkTrafficSelectors);
}
