/**
 * Golden cases in which some fields have other values: such as fields of that name have elsewhere, such as their schema
 * takes, or odd ones; or are left out, repeated or added.
 */

import fc, { type Arbitrary } from "fast-check";
import { dump, loadAll } from "js-yaml";
import type { KindDefinition } from "../../../src/config/kind.js";
import { KINDS } from "../../../src/config/kinds.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import { arbitraryOf, type Schema } from "../config/kinds/schema-arbitrary.js";
import { type GoldenCase, goldenFiles, readGoldenCase } from "./golden-case.js";

/** A resource as it is written. */
interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly [field: string]: unknown;
}

/** A change of one field of one resource: of which, and how, is chosen by numbers among what there is. */
interface Change {
  readonly document: number;
  readonly steps: readonly number[];
  readonly how: "borrow" | "take" | "odd" | "leave out" | "repeat" | "add";
  readonly choice: number;
}

/** What is often not thought of. */
const ODD: readonly unknown[] = [
  ...["", "*", "/", "//", "%", "%START_TIME%", "a b", "a\nb", "é", "(", "~", ":authority"],
  ...["0s", "1ms", "-1s", "87600h", "10.0.0.1", "10.0.0.0/8", "::1", "fe80::/10", "unix:///a"],
  ...["constructor", "__proto__", "a".repeat(300)],
  ...[0, 1, -1, 99.99, 65535, 70000, 4294967295],
];

const change: Arbitrary<Change> = fc.record({
  document: fc.nat(),
  steps: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
  how: fc.constantFrom<Change["how"]>(
    "borrow",
    "borrow",
    "take",
    "odd",
    "leave out",
    "repeat",
    "add",
  ),
  choice: fc.nat(),
});

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isResource = (section: unknown): section is Written => isMap(section);

const chosen = <T>(from: readonly T[], choice: number): T | undefined =>
  from[choice % Math.max(1, from.length)];

const definitions: readonly KindDefinition<never>[] = Object.values(KINDS);

function definitionOf({ apiVersion, kind }: Written): KindDefinition<never> | undefined {
  const group = apiVersion.includes("/") ? apiVersion.replace(/\/.*/, "") : "";
  return definitions.find((one) => one.group === group && (one.writtenAs ?? one.kind) === kind);
}

/** One of these golden cases, changed in one to three places; it may have errors then. */
export function spoiltCases(names: readonly string[]): Arbitrary<GoldenCase> {
  const cases = names.map((name) => {
    const documents = goldenFiles(name).flatMap(({ text }) => loadAll(text).filter(isResource));
    return { golden: readGoldenCase(name), documents };
  });
  const lenders = new Map<string, unknown[]>();
  for (const { documents } of cases) lend(documents, lenders);
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  return fc.tuple(fc.constantFrom(...cases), changes).map(([{ golden, documents }, all]) => {
    const spoilt = all.reduce<readonly Written[]>(
      (some, one) => withChange(some, one, lenders),
      documents,
    );
    const text = spoilt.map((document) => dump(document)).join("---\n");
    return { ...golden, snapshot: parseOffline([{ path: "mesh.yaml", text }]) };
  });
}

/** What there is under each name of a field. */
function lend(value: unknown, lenders: Map<string, unknown[]>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (isMap(value)) lenders.set(name, [...(lenders.get(name) ?? []), member]);
    lend(member, lenders);
  }
}

type Lenders = ReadonlyMap<string, readonly unknown[]>;

function withChange(
  documents: readonly Written[],
  one: Change,
  lenders: Lenders,
): readonly Written[] {
  const at = one.document % documents.length;
  const document = documents[at];
  const definition = document === undefined ? undefined : definitionOf(document);
  if (document === undefined || definition === undefined) return documents;
  const { apiVersion, kind, metadata, spec = {}, ...body } = document;
  const { schema } = definition;
  const changed =
    definition.body === "spec"
      ? { ...document, spec: edited(spec, schema, one, lenders) }
      : { ...(edited(body, schema, one, lenders) as object), apiVersion, kind, metadata };
  return documents.with(at, changed);
}

/** The value with the change somewhere within. */
function edited(value: unknown, schema: Schema, one: Change, lenders: Lenders): unknown {
  const [step = 0, ...steps] = one.steps;
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const name = chosen(names, step);
  if (name === undefined || (one.how === "add" && steps.length === 0)) {
    return added(value, schema, one, lenders);
  }
  const member = (value as Readonly<Record<string, unknown>>)[name];
  const within = memberSchema(schema, name);
  const isDeeper = steps.length > 0 && typeof member === "object" && member !== null;
  const next = isDeeper
    ? edited(member, within, { ...one, steps }, lenders)
    : replaced(name, within, one, lenders);
  if (Array.isArray(value)) {
    const list = value as readonly unknown[];
    if (one.how === "repeat" && !isDeeper) return [...list, member];
    return next === undefined ? list.toSpliced(Number(name), 1) : list.with(Number(name), next);
  }
  const { [name]: _, ...others } = value as Readonly<Record<string, unknown>>;
  return next === undefined ? others : { ...others, [name]: next };
}

function memberSchema({ properties, patternProperties, items, anyOf = [] }: Schema, name: string) {
  const [pattern] = Object.values(patternProperties ?? {});
  const ofUnion: Schema | undefined = anyOf.find((part) => part.properties !== undefined);
  return properties?.[name] ?? pattern ?? items ?? ofUnion?.properties?.[name] ?? {};
}

function replaced(
  name: string,
  schema: Schema,
  { how, choice }: Change,
  lenders: Lenders,
): unknown {
  if (how === "leave out") return undefined;
  if (how === "odd") return chosen(ODD, choice);
  return how === "borrow" ? chosen(lenders.get(name) ?? ODD, choice) : taken(schema, choice);
}

/** A value that a schema takes. */
function taken(schema: Schema, seed: number): unknown {
  return fc.sample(arbitraryOf(schema), { numRuns: 1, seed })[0];
}

function added(value: unknown, schema: Schema, { choice }: Change, lenders: Lenders): unknown {
  const name = chosen(Object.keys(schema.properties ?? {}), choice);
  if (!isMap(value) || name === undefined) return value;
  const lent = chosen(lenders.get(name) ?? [], choice);
  return { ...value, [name]: lent ?? taken(memberSchema(schema, name), choice) };
}
