import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { TSchema } from "typebox";
import { Set as setFormat } from "typebox/format";
import { Compile } from "typebox/schema";
import { durationMs } from "../duration.js";
import type { Finding, KindDefinition, Path } from "../kind.js";
import type { ConfigResource } from "../resource.js";
import { misspeltFields } from "./misspelt-fields.js";
import { describeSchemaErrors } from "./schema-errors.js";

const isDuration = (text: string): boolean => durationMs(text) !== undefined;

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  // Both halve the time to compile a kind; what is lost is a fraction of a microsecond a check.
  code: { optimize: false },
  validateSchema: false,
  formats: { duration: isDuration },
});
setFormat("duration", isDuration);

/** Whether a value is as a schema says, and what is wrong with one that is not. */
interface Checks {
  readonly isValid: (value: unknown) => boolean;
  readonly errorsOf: (value: unknown) => readonly ErrorObject[];
}

/**
 * TypeBox's own compiler takes a fifth of ajv's time, but its errors say less. So ajv is asked only about what has a fault;
 * that both find the same faulty is held by a property test.
 */
function checksOf(schema: TSchema): Checks {
  const quick = Compile(schema);
  let explain: ValidateFunction | undefined;
  return {
    isValid: (value) => quick.Check(value),
    errorsOf: (value) => {
      explain ??= ajv.compile(schema);
      explain(value);
      return explain.errors ?? [];
    },
  };
}

const compiled = new WeakMap<TSchema, Checks>();

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
  const root = definition.body === "spec" ? ["spec"] : [];
  const misspelt = misspeltFields(resource.spec, definition.schema, root);
  if (findings.length > 0) return [...findings, ...misspelt];
  // The schema just said that the spec is one of this kind.
  return [...misspelt, ...(definition.check?.(resource as ConfigResource<never>) ?? [])];
}

function validate(schema: TSchema, value: unknown, root: Path): Finding[] {
  // Compiling takes milliseconds, so a kind that no file has is never compiled.
  let checks = compiled.get(schema);
  if (checks === undefined) {
    checks = checksOf(schema);
    compiled.set(schema, checks);
  }
  return checks.isValid(value)
    ? []
    : describeSchemaErrors(checks.errorsOf(value), value, root, schema);
}
