/** An attribute of a request, such as its path or who makes it, that authorization rules ask about. */
import type { MetadataMatcherJson } from "../api.js";

/** What a test becomes: a part of a principal or of a permission of Envoy's RBAC. */
export interface Attribute<Term> {
  /** Whether connections of plain TCP do not have it. */
  readonly httpOnly: boolean;
  /** True when the attribute has one of these values, of which there is at least one. */
  readonly oneOf: (values: readonly string[]) => Term;
}

/** Which values an attribute has to have and which it must not have. */
export interface AttributeTest<Term> {
  readonly attribute: Attribute<Term>;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/** The test of an attribute, in a list; the list is empty when no value is asked for or excluded. */
export function attributeTest<Term>(
  attribute: Attribute<Term> | undefined,
  values: readonly string[] = [],
  notValues: readonly string[] = [],
): readonly AttributeTest<Term>[] {
  const asks = values.length + notValues.length > 0;
  return attribute !== undefined && asks ? [{ attribute, values, notValues }] : [];
}

/** A test of metadata: the field that Istio writes and tools read. Envoy has a newer one beside it. */
export interface MetadataTest {
  readonly metadata: MetadataMatcherJson;
}

/** How the terms of a kind are combined: all of them, any of them, or the opposite of one. */
export interface Algebra<Term> {
  readonly any: Term;
  readonly all: (terms: readonly Term[]) => Term;
  readonly not: (term: Term) => Term;
}

/** The term that holds when all tests of a rule do. */
export function conjunction<Term>(
  tests: readonly AttributeTest<Term>[],
  { any, all, not }: Algebra<Term>,
): Term {
  const terms = tests.flatMap(({ attribute, values, notValues }) => [
    ...(values.length > 0 ? [attribute.oneOf(values)] : []),
    ...(notValues.length > 0 ? [not(attribute.oneOf(notValues))] : []),
  ]);
  return all(terms.length === 0 ? [any] : terms);
}

/** The name of a member of a family of attributes: `X` of `request.headers[X]`; undefined without one. */
export function memberName(key: string, family: string): string | undefined {
  return /^\[(.+)\]$/s.exec(key.slice(family.length))?.[1];
}
