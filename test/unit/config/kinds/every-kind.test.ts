import { Ajv } from "ajv";
import fc from "fast-check";
import type { TSchema } from "typebox";
import { describe, expect, it } from "vitest";
import { durationMs } from "../../../../src/config/duration.js";
import type { KindDefinition } from "../../../../src/config/kind.js";
import { KINDS, type Kind } from "../../../../src/config/kinds.js";
import { MetadataFields } from "../../../../src/config/reading/metadata.js";
import { readResource } from "../../../../src/config/reading/resource.js";
import { validateBody } from "../../../../src/config/schema/schema.js";
import { findingsOf } from "./findings-of.js";
import { arbitraryOf } from "./schema-arbitrary.js";
import { spoilt } from "./spoilt.js";

const METADATA: TSchema = MetadataFields;
const kinds = Object.keys(KINDS) as Kind[];

describe.each(kinds)("%s", (kind) => {
  const definition: KindDefinition<never> = KINDS[kind];

  it("is under its own name in the table", () => {
    expect(definition.kind).toBe(kind);
  });

  it("has a schema that is one", () => {
    const ajv = new Ajv({ strict: true, allErrors: true, formats: { duration: true } });
    expect(() => ajv.compile(definition.schema)).not.toThrow();
  });

  it("is checked without an exception, whatever its schema takes", () => {
    const { properties = {} } = definition.schema as { readonly properties?: object };
    const roots = ["spec", "metadata", "kind", ...Object.keys(properties)];
    fc.assert(
      fc.property(arbitraryOf(definition.schema), (spec) => {
        expect(validateBody(definition, spec)).toEqual([]);
        for (const { path, message, code } of findingsOf(kind, spec)) {
          expect(roots).toContain(path[0]);
          expect(message).not.toMatch(/undefined|\[object/);
          expect(code).toMatch(/^(IST\d{4}|[a-z0-9]+(-[a-z0-9]+)+)$/);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is taken just where ajv takes it, with some of its values replaced, left out or added", () => {
    const ajv = new Ajv({ formats: { duration: (text) => durationMs(text) !== undefined } });
    const isValid = ajv.compile(definition.schema);
    fc.assert(
      fc.property(spoilt(arbitraryOf(definition.schema)), (spec) => {
        expect(validateBody(definition, spec).length === 0).toBe(isValid(spec));
      }),
      { numRuns: 100 },
    );
  });

  it("is read without an exception, with some of its values or of its metadata spoilt", () => {
    const { group, versions, body, schema } = definition;
    const members = { metadata: arbitraryOf(METADATA), spec: arbitraryOf(schema) };
    const resources = fc.record(members).map(({ metadata, spec }) => ({
      metadata: { ...(metadata as object), name: "one" },
      ...(body === "spec" ? { spec } : (spec as object)),
    }));
    const apiVersion = [group, versions[0]].filter((part) => part !== "").join("/");
    fc.assert(
      fc.property(spoilt(resources), (resource) => {
        const reading = readResource({ ...(resource as object), apiVersion, kind });
        expect(Array.isArray(reading.findings)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("takes any JSON without an exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(findingsOf(kind, value))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
