import type { KindDefinition } from "../../kind.js";
import { Flag, lenient, optional, TextMap, type ValueOf } from "../value/fields.js";

/** Texts by name; `binaryData` is base64. */
export type ConfigMapBody = ValueOf<typeof ConfigMapBody>;
export const ConfigMapBody = lenient({
  data: optional(TextMap),
  binaryData: optional(TextMap),
  immutable: optional(Flag),
});

/** Kubernetes' ConfigMap: that of the name `istio` has the mesh configuration. */
export const configMap = {
  kind: "ConfigMap",
  group: "",
  versions: ["v1"],
  shortNames: ["cm"],
  body: "document",
  schema: ConfigMapBody,
} as const satisfies KindDefinition<ConfigMapBody>;
