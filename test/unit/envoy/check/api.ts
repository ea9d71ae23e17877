import { readFileSync } from "node:fs";
import { type DescMessage, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { createResourceCheck } from "../../../../src/envoy/check/resource-check.js";
import { formatViolation } from "../../../../src/envoy/check/violation.js";
import { createEncoder } from "../../../../src/envoy/resource/encoder.js";

/** The API of the pinned Envoy. */
export const { registry } = createEncoder(
  readFileSync(new URL("../../../../gen/envoy.binpb", import.meta.url)),
);

const check = createResourceCheck(registry);

/** The descriptor of a message type. */
function schemaOf(typeName: string): DescMessage {
  const schema = registry.getMessage(typeName);
  if (schema === undefined) throw new Error(`no type ${typeName}`);
  return schema;
}

/** What would be refused in a message of this type, as people read it. */
export function refusals(typeName: string, json: object): readonly string[] {
  const schema = schemaOf(typeName);
  const message = fromJson(schema, json as JsonValue, { registry });
  return check(schema, message).map(formatViolation);
}

/** A message packed into an Any. */
export function packed(typeName: string, json: object): object {
  return { "@type": `type.googleapis.com/${typeName}`, ...json };
}
