import { Ajv, type ValidateFunction } from "ajv";
import type { TSchema } from "typebox";
import { durationMs } from "./duration.js";
import type { Finding, KindDefinition, Path } from "./kind.js";
import type { ConfigResource } from "./resource.js";
import { describeSchemaErrors } from "./schema-errors.js";

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  // Both halve the time to compile a kind; what is lost is a fraction of a microsecond a check.
  code: { optimize: false },
  validateSchema: false,
  formats: { duration: (text: string) => durationMs(text) !== undefined },
});

const compiled = new WeakMap<TSchema, ValidateFunction>();

/** What of a kind says which fields it has. */
type BodyDefinition = Pick<KindDefinition, "body" | "schema" | "status">;

/**
 * What is wrong with the fields of a body, that is with `ConfigResource.spec`: unknown and missing fields, wrong types,
 * words and numbers out of range. One finding a place; the paths begin at the resource's root.
 */
export function validateBody(definition: BodyDefinition, value: unknown): Finding[] {
  return validate(definition.schema, value, definition.body === "spec" ? ["spec"] : []);
}

/** What is wrong with the fields of a resource's status; nothing for kinds of which no status is read. */
function validateStatus(definition: BodyDefinition, value: unknown): Finding[] {
  const { status } = definition;
  return status === undefined || value === undefined ? [] : validate(status, value, ["status"]);
}

/** All that is wrong with a resource: its fields and, where these are in order, the rules between them. */
export function validateResource(
  definition: KindDefinition<never>,
  resource: ConfigResource,
): readonly Finding[] {
  const findings = [
    ...validateBody(definition, resource.spec),
    ...validateStatus(definition, resource.status),
  ];
  if (findings.length > 0) return findings;
  // The schema just said that the spec is one of this kind.
  return definition.check?.(resource as ConfigResource<never>) ?? [];
}

function validate(schema: TSchema, value: unknown, root: Path): Finding[] {
  // Compiling takes milliseconds, so a kind that no file has is never compiled.
  let check = compiled.get(schema);
  if (check === undefined) {
    check = ajv.compile(schema);
    compiled.set(schema, check);
  }
  if (check(value)) return [];
  return describeSchemaErrors(check.errors ?? [], value, root);
}
