import type { KindDefinition } from "../../kind.js";
import {
  lenient,
  NonEmptyText,
  optional,
  strict,
  textUpTo,
  type ValueOf,
} from "../value/fields.js";
import { GATEWAY_API_GROUP } from "./names.js";

/** Who takes care of the Gateways of a class. */
export type GatewayClassSpec = ValueOf<typeof GatewayClassSpec>;
const GatewayClassSpec = strict({
  controllerName: NonEmptyText,
  parametersRef: optional(lenient({})),
  description: optional(textUpTo(64)),
});

/** The GatewayClass of Kubernetes' Gateway API. */
export const gatewayClass = {
  kind: "GatewayClass",
  group: GATEWAY_API_GROUP,
  versions: ["v1", "v1beta1"],
  shortNames: ["gc"],
  clusterScoped: true,
  body: "spec",
  schema: GatewayClassSpec,
} as const satisfies KindDefinition<GatewayClassSpec>;
