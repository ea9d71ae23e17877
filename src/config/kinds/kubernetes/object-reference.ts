import { lenient, optional, Text, type ValueOf } from "../value/fields.js";

/** A reference of Kubernetes to another resource: the pod behind an address. */
export type ObjectReference = ValueOf<typeof ObjectReference>;
export const ObjectReference = lenient({
  kind: optional(Text),
  namespace: optional(Text),
  name: optional(Text),
});
