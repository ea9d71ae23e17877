import fc from "fast-check";

/** What of JSON Schema the kinds use. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Texts that mean something to one rule or another. */
const TEXTS = [
  "*",
  "*.a.b",
  "a",
  "a.b",
  "10.0.0.1",
  "10.0.0.0/8",
  "::1",
  "unix:///a",
  "ns/name",
  "~",
  ".",
  "/",
  "(",
  "%A%",
  "mesh",
  "HTTP",
  "TLS",
  "tcp",
];

/** Any value that a schema accepts. */
export function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  switch (schema.type) {
    case "object":
      return objectOf(schema);
    case "array":
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 3 });
    case "boolean":
      return fc.boolean();
    case "integer":
      return integerOf(schema);
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "string":
      return textOf(schema);
    default:
      return fc.jsonValue();
  }
}

function objectOf(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, patternProperties = {}, required = [] } = schema;
  if (properties === undefined) {
    const [member = {}] = Object.values(patternProperties);
    return fc.dictionary(textOf({}), arbitraryOf(member), { maxKeys: 3 });
  }
  const fields = Object.entries(properties).map(([name, field]) => [name, arbitraryOf(field)]);
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...required],
  });
}

function integerOf({ minimum = -1000, maximum = 70000 }: Schema): fc.Arbitrary<number> {
  const edges = [0, 1, minimum, maximum].filter((edge) => edge >= minimum && edge <= maximum);
  return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(...edges));
}

function textOf({ format, minLength = 0, maxLength = 100 }: Schema): fc.Arbitrary<string> {
  if (format === "duration") return fc.constantFrom("5s", "0", "1.5h", "-1ms", "1ns", "1h2m3.4s");
  const known = fc.constantFrom(...TEXTS.filter((text) => text.length >= minLength));
  return fc.oneof(fc.string({ minLength, maxLength: Math.min(maxLength, 20) }), known);
}
