import type { KindDefinition } from "../kind.js";
import { list, optional, strict, Text, type ValueOf } from "./fields.js";
import { HTTPRoute } from "./http-route.js";
import { TCPRoute, TLSRoute } from "./l4-routes.js";

/** How traffic to some hosts is routed. */
export const VirtualServiceSpec = strict({
  hosts: optional(list(Text)),
  gateways: optional(list(Text)),
  http: optional(list(HTTPRoute)),
  tls: optional(list(TLSRoute)),
  tcp: optional(list(TCPRoute)),
  exportTo: optional(list(Text)),
});
export type VirtualServiceSpec = ValueOf<typeof VirtualServiceSpec>;

/** Istio's VirtualService. */
export const virtualService = {
  kind: "VirtualService",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: VirtualServiceSpec,
} as const satisfies KindDefinition<VirtualServiceSpec>;
