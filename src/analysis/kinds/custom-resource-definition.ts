import { lenient, optional, Text } from "../../config/kinds/value/fields.js";

/** Kubernetes' CustomResourceDefinition. */
export const CustomResourceDefinition = lenient({
  group: optional(Text),
  names: optional(lenient({ kind: optional(Text) })),
});
