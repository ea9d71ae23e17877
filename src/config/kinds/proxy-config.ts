import type { KindDefinition } from "../kind.js";
import { Int32, optional, strict, Text, TextMap, type ValueOf } from "./fields.js";
import { PolicySelector } from "./selectors.js";

/** How the proxies of some workloads are started. */
export const ProxyConfigSpec = strict({
  selector: optional(PolicySelector),
  concurrency: optional(Int32),
  environmentVariables: optional(TextMap),
  image: optional(strict({ imageType: optional(Text) })),
});
export type ProxyConfigSpec = ValueOf<typeof ProxyConfigSpec>;

/** Istio's ProxyConfig. */
export const proxyConfig = {
  kind: "ProxyConfig",
  group: "networking.istio.io",
  versions: ["v1beta1"],
  body: "spec",
  schema: ProxyConfigSpec,
} as const satisfies KindDefinition<ProxyConfigSpec>;
