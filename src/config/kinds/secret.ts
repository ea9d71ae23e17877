import type { Finding, KindDefinition } from "../kind.js";
import type { ConfigResource } from "../resource.js";
import { Flag, lenient, optional, Text, TextMap, type ValueOf } from "./fields.js";
import { eachMember, type Findings } from "./findings.js";

/** Keys and certificates: `data` is base64, `stringData` is plain and wins. */
export type SecretBody = ValueOf<typeof SecretBody>;
export const SecretBody = lenient({
  type: optional(Text),
  data: optional(TextMap),
  stringData: optional(TextMap),
  immutable: optional(Flag),
});

/** Kubernetes' Secret. */
export const secret = {
  kind: "Secret",
  group: "",
  versions: ["v1"],
  body: "document",
  schema: SecretBody,
  check: (resource: ConfigResource<SecretBody>): readonly Finding[] => [...checkSecret(resource)],
} as const satisfies KindDefinition<SecretBody>;

function checkSecret({ spec }: ConfigResource<SecretBody>): Findings {
  return eachMember(spec.data, ["data"], function* (value, path, name) {
    if (!isBase64(value)) {
      const message = `data["${name}"] is no base64: stringData is for plain text`;
      yield { path, code: "invalid-base64", message };
    }
  });
}

/** Base64 with its padding; line breaks are fine. */
function isBase64(text: string): boolean {
  const characters = text.replace(/[\r\n]/g, "");
  return characters.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(characters);
}
