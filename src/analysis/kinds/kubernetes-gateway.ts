import { lenient, list, optional, Text } from "../../config/kinds/fields.js";

/** The Gateway of Kubernetes' Gateway API. */
export const KubernetesGateway = lenient({
  listeners: optional(list(lenient({ name: optional(Text), hostname: optional(Text) }))),
});
