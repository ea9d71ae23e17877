import type { KindDefinition } from "../../kind.js";
import { lenient, list, optional, Text, type ValueOf } from "../value/fields.js";

/** Who may refer from where to what of the grant's own namespace. */
export type ReferenceGrantSpec = ValueOf<typeof ReferenceGrantSpec>;
const ReferenceGrantSpec = lenient({
  from: list(lenient({ group: Text, kind: Text, namespace: Text })),
  to: list(lenient({ group: Text, kind: Text, name: optional(Text) })),
});

/** The ReferenceGrant of Kubernetes' Gateway API. */
export const referenceGrant = {
  kind: "ReferenceGrant",
  group: "gateway.networking.k8s.io",
  versions: ["v1", "v1beta1", "v1alpha2"],
  shortNames: ["refgrant"],
  body: "spec",
  schema: ReferenceGrantSpec,
} as const satisfies KindDefinition<ReferenceGrantSpec>;
