/**
 * Reads a value as far as it can be understood. Analysis is about resources that may be wrong, so what a schema requires
 * may be missing from a draft, and what is not of the schema's types is missing from it.
 */
import type { TSchema } from "typebox";
import { isMap } from "../base/is-map.js";
import { memberOf } from "../base/member-of.js";

/** What is known of a value of which anything may be missing. */
export type Draft<T> = unknown extends T
  ? T
  : T extends readonly (infer E)[]
    ? readonly Draft<E>[]
    : T extends object
      ? string extends keyof T
        ? { readonly [K in keyof T]: Draft<T[K]> }
        : { readonly [K in keyof T]?: Draft<T[K]> }
      : T;

/** What of JSON Schema the schemas of the kinds use. */
interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
}

/** JavaScript's types of JSON Schema's scalars. */
const TYPE_OF: Readonly<Record<string, string>> = {
  boolean: "boolean",
  integer: "number",
  number: "number",
  string: "string",
};

/** The draft of a value: that of an empty object when it is no object. */
export function draftOf<T>(schema: TSchema, value: unknown): Draft<T> {
  return (understood(schema, value) ?? {}) as Draft<T>;
}

function understood(schema: SchemaNode, value: unknown): unknown {
  if (schema.enum !== undefined) return schema.enum.includes(value) ? value : undefined;
  if (schema.anyOf !== undefined) return firstUnderstood(schema.anyOf, value);
  switch (schema.type) {
    case "object":
      return isMap(value) ? understoodMembers(schema, value) : undefined;
    case "array":
      return Array.isArray(value) ? understoodItems(schema.items ?? {}, value) : undefined;
    case undefined:
      return value ?? undefined;
    default:
      return typeof value === TYPE_OF[schema.type] ? value : undefined;
  }
}

function firstUnderstood(schemas: readonly SchemaNode[], value: unknown): unknown {
  for (const schema of schemas) {
    const result = understood(schema, value);
    if (result !== undefined) return result;
  }
  return undefined;
}

function understoodMembers(
  { properties = {}, patternProperties = {} }: SchemaNode,
  value: Readonly<Record<string, unknown>>,
): object {
  const [others] = Object.values(patternProperties);
  const members = Object.entries(value).flatMap(([name, member]) => {
    const schema = memberOf(properties, name) ?? others;
    const result = schema === undefined ? undefined : understood(schema, member);
    return result === undefined ? [] : [[name, result] as const];
  });
  return Object.fromEntries(members);
}

/** An item that is not understood is an empty one, so that the others keep their places. */
function understoodItems(schema: SchemaNode, items: readonly unknown[]): readonly unknown[] {
  return items.map((item) => understood(schema, item) ?? emptyOf(schema));
}

/** What protobuf has in place of a value that is not there. */
function emptyOf({ type }: SchemaNode): unknown {
  switch (TYPE_OF[type ?? ""]) {
    case "string":
      return "";
    case "number":
      return 0;
    case "boolean":
      return false;
    default:
      return type === "array" ? [] : {};
  }
}
