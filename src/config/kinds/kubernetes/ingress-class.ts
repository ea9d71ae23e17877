import type { KindDefinition } from "../../kind.js";
import { lenient, optional, Text, type ValueOf } from "../value/fields.js";

/** Who serves the Ingresses of a class. */
export type IngressClassSpec = ValueOf<typeof IngressClassSpec>;
const IngressClassSpec = lenient({ controller: optional(Text) });

/** Kubernetes' IngressClass. */
export const ingressClass = {
  kind: "IngressClass",
  group: "networking.k8s.io",
  versions: ["v1"],
  clusterScoped: true,
  body: "spec",
  schema: IngressClassSpec,
} as const satisfies KindDefinition<IngressClassSpec>;
