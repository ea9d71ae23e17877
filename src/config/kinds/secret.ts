import type { KindDefinition } from "../kind.js";
import { Flag, lenient, optional, Text, TextMap, type ValueOf } from "./fields.js";

/** Keys and certificates: `data` is base64, `stringData` is plain and wins. */
export const SecretBody = lenient({
  type: optional(Text),
  data: optional(TextMap),
  stringData: optional(TextMap),
  immutable: optional(Flag),
});
export type SecretBody = ValueOf<typeof SecretBody>;

/** Kubernetes' Secret. */
export const secret = {
  kind: "Secret",
  group: "",
  versions: ["v1"],
  body: "document",
  schema: SecretBody,
} as const satisfies KindDefinition<SecretBody>;
