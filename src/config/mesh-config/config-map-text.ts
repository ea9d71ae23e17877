/** Keys of ConfigMaps whose text is YAML of its own. */
import type { TSchema } from "typebox";
import type { Finding } from "../kind.js";
import type { ConfigMapBody } from "../kinds/kubernetes/config-map.js";
import type { ConfigResource } from "../resource.js";
import { parseSection } from "../yaml/parse-section.js";
import { readProtobufJson } from "./protobuf-json.js";

/** What the text of a key says, `{}` when it is empty or not there; or why it is no YAML. */
export type TextReading =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly problem: Finding };

/** Reads the text of a key of a resource that is a ConfigMap; written in any way that protobuf allows. */
export function readText(configMap: ConfigResource, key: string, schema: TSchema): TextReading {
  // The schema of ConfigMaps said so.
  const text = (configMap.spec as ConfigMapBody).data?.[key];
  if (text === undefined) return { value: {} };
  const parsed = parseSection(text);
  if (parsed.error === undefined)
    return { value: readProtobufJson(schema, parsed.documents[0] ?? {}) };
  const { offset, code, message } = parsed.error;
  return { problem: { path: ["data", key, offset], code, message: `data.${key} ${message}` } };
}

/** Findings about what a text says, with paths that begin at the ConfigMap. */
export function inText(key: string, findings: Iterable<Finding>): readonly Finding[] {
  return [...findings].map((finding) => ({ ...finding, path: ["data", key, ...finding.path] }));
}
