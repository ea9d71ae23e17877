import type { KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { Int32, mapOf, optional, strict, Text, textUpTo, type ValueOf } from "../value/fields.js";
import { type Findings, given } from "../value/findings.js";
import { checkNotNegative } from "../value/numbers.js";
import { checkPolicySelector, PolicySelector } from "../value/selectors.js";
import { notApplied } from "../value/unapplied.js";
import { METADATA_PREFIX, unappliedMetadata } from "./unapplied-metadata.js";

/** How the proxies of some workloads are started. */
export type ProxyConfigSpec = ValueOf<typeof ProxyConfigSpec>;
export const ProxyConfigSpec = strict({
  selector: optional(PolicySelector),
  /** Worker threads of those that fairlead starts; 0 is one for each CPU. */
  concurrency: optional(Int32),
  environmentVariables: optional(mapOf(textUpTo(2048))),
  image: optional(strict({ imageType: optional(Text) })),
});

/** Istio's ProxyConfig. */
export const proxyConfig = {
  kind: "ProxyConfig",
  group: "networking.istio.io",
  versions: ["v1beta1"],
  body: "spec",
  schema: ProxyConfigSpec,
  check: checkedByIstio(checkProxyConfig),
} as const satisfies KindDefinition<ProxyConfigSpec>;

function* checkProxyConfig({ spec }: ConfigResource<ProxyConfigSpec>): Findings {
  yield* given(spec.selector, ["spec", "selector"], checkPolicySelector);
  yield* given(spec.concurrency, ["spec", "concurrency"], checkNotNegative);
  for (const name of Object.keys(spec.environmentVariables ?? {})) {
    if (name.startsWith(METADATA_PREFIX)) continue;
    const what = `a variable that is none of the node's metadata (${METADATA_PREFIX}NAME)`;
    yield notApplied(["spec", "environmentVariables", name], what);
  }
  yield* unappliedMetadata(spec.environmentVariables ?? {}, ["spec", "environmentVariables"]);
  if (spec.image !== undefined) yield notApplied(["spec", "image"], "the image of a proxy");
}
