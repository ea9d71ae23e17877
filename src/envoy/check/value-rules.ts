/**
 * The rules for values that Envoy's descriptors carry, as functions. They are protoc-gen-validate's, as far as Envoy's API
 * uses them; any other is an error, so that none is passed over when the API gets a new one.
 */
import { fromJson } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { RE2JS } from "re2js";
import type {
  BoolRulesJson,
  BytesRulesJson,
  DurationRulesJson,
  FieldRulesJson,
  StringRulesJson,
} from "../../../gen/types/validate/validate_pb.js";
import { type Bounds, rangeRules } from "./range-rules.js";
import type { Rule } from "./rule.js";

/** A rule in Envoy's descriptors that is not understood: this fairlead and this Envoy do not belong together. */
export class UnknownRuleError extends Error {
  readonly code = "unknown-rule";
  constructor(rule: string) {
    super(`the rule ${rule} in Envoy's API is not understood`);
    this.name = "UnknownRuleError";
  }
}

/** By the name of a rule: makes it of its parameter and of all rules beside it; undefined when it asks for nothing. */
type RuleMakers<Rules, T> = {
  readonly [K in keyof Rules]?: (
    parameter: NonNullable<Rules[K]>,
    all: Rules,
  ) => Rule<T> | undefined;
};

const rule =
  <T>(holds: (value: T) => boolean, problem: string): Rule<T> =>
  (value) =>
    holds(value) ? undefined : problem;

const nothing = (): undefined => undefined;

/** The rules of all kinds of numbers. */
interface NumberRules extends Bounds {
  readonly ignoreEmpty?: boolean;
}

const NUMBER_RULES: RuleMakers<NumberRules, number | bigint> = {
  ...rangeRules<number | bigint>((value) => value, Number),
  ignoreEmpty: nothing,
};

/** The number of Unicode characters. */
const lengthOf = (text: string): number => Array.from(text).length;

const counted = (count: string, one: string): string =>
  `${count} ${one}${count === "1" ? "" : "s"}`;
const quoted = (text: string): string => JSON.stringify(text);

const HEADER_NAME = /^:?[-0-9a-zA-Z!#$%&'*+.^_|~`]+$/;
// What a header cannot have are control characters.
/* eslint-disable no-control-regex */
const HEADER_VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;
const HEADER_TEXT = /^[^\u0000\u000a\u000d]*$/;
/* eslint-enable no-control-regex */

const namedPattern: RuleMakers<StringRulesJson, string>["wellKnownRegex"] = (name, { strict }) => {
  if (name === "UNKNOWN") return undefined;
  if (strict === false) {
    return rule((text) => HEADER_TEXT.test(text), "must not have the characters NUL, LF or CR");
  }
  const [pattern, what] =
    name === "HTTP_HEADER_NAME" ? [HEADER_NAME, "name"] : [HEADER_VALUE, "value"];
  return rule((text) => pattern.test(text), `must be the ${what} of a header`);
};

const STRING_RULES: RuleMakers<StringRulesJson, string> = {
  len: (count) =>
    rule((text) => lengthOf(text) === Number(count), `must have ${counted(count, "character")}`),
  minLen: (count) =>
    count === "1"
      ? rule((text) => text !== "", "must not be empty")
      : rule(
          (text) => lengthOf(text) >= Number(count),
          `must have at least ${counted(count, "character")}`,
        ),
  maxLen: (count) =>
    rule(
      (text) => lengthOf(text) <= Number(count),
      `must have at most ${counted(count, "character")}`,
    ),
  maxBytes: (count) =>
    rule(
      (text) => Buffer.byteLength(text) <= Number(count),
      `must have at most ${counted(count, "byte")}`,
    ),
  pattern: (pattern) => {
    const compiled = RE2JS.compile(pattern);
    return rule((text) => compiled.matcher(text).find(), `must match ${pattern}`);
  },
  prefix: (prefix) => rule((text) => text.startsWith(prefix), `must begin with ${quoted(prefix)}`),
  suffix: (suffix) => rule((text) => text.endsWith(suffix), `must end with ${quoted(suffix)}`),
  in: (texts) =>
    rule((text) => texts.includes(text), `must be one of ${texts.map(quoted).join(", ")}`),
  wellKnownRegex: namedPattern,
  strict: nothing,
  ignoreEmpty: nothing,
};

const BYTES_RULES: RuleMakers<BytesRulesJson, Uint8Array> = {
  minLen: (count) =>
    rule((bytes) => bytes.length >= Number(count), `must have at least ${counted(count, "byte")}`),
  maxLen: (count) =>
    rule((bytes) => bytes.length <= Number(count), `must have at most ${counted(count, "byte")}`),
};

const BOOL_RULES: RuleMakers<BoolRulesJson, boolean> = {
  const: (expected) => rule((value) => value === expected, `must be ${String(expected)}`),
};

const NANOS_PER_SECOND = 1_000_000_000n;
const nanosOf = ({ seconds, nanos }: Duration): bigint =>
  seconds * NANOS_PER_SECOND + BigInt(nanos);

const DURATION_RULES: RuleMakers<DurationRulesJson, Duration> = {
  ...rangeRules<Duration>(nanosOf, (limit) => nanosOf(fromJson(DurationSchema, limit))),
  // Whether a field is set is for whoever reads it.
  required: nothing,
};

const MAKERS: { readonly [K in keyof FieldRulesJson]?: object } = {
  float: NUMBER_RULES,
  double: NUMBER_RULES,
  int32: NUMBER_RULES,
  int64: NUMBER_RULES,
  uint32: NUMBER_RULES,
  uint64: NUMBER_RULES,
  string: STRING_RULES,
  bytes: BYTES_RULES,
  bool: BOOL_RULES,
  duration: DURATION_RULES,
};

/** The kinds of rules that are not about single values. */
const OTHER_KINDS: readonly string[] = ["message", "enum", "repeated", "map", "any"];

const isEmpty = (value: unknown): boolean => value === "" || value === 0 || value === 0n;

/**
 * What the rules of a field ask of its value, the first broken one first; undefined when they ask for nothing. Those of
 * messages, enums, lists and maps are not values' rules, and left out.
 * @throws UnknownRuleError
 */
export function valueRule(rules: FieldRulesJson): Rule<unknown> | undefined {
  const made: Rule<unknown>[] = [];
  let ignoresEmpty = false;
  for (const [kind, parameters] of Object.entries(rules)) {
    const makers = MAKERS[kind as keyof FieldRulesJson] as
      | Readonly<Record<string, (parameter: unknown, all: unknown) => Rule<unknown> | undefined>>
      | undefined;
    if (makers === undefined) {
      if (OTHER_KINDS.includes(kind)) continue;
      throw new UnknownRuleError(kind);
    }
    for (const [name, parameter] of Object.entries(parameters)) {
      const maker = makers[name];
      if (maker === undefined) throw new UnknownRuleError(`${kind}.${name}`);
      if (name === "ignoreEmpty") ignoresEmpty = parameter === true;
      const next = maker(parameter, parameters);
      if (next !== undefined) made.push(next);
    }
  }
  if (made.length === 0) return undefined;
  const all = firstBroken(made);
  return ignoresEmpty ? (value) => (isEmpty(value) ? undefined : all(value)) : all;
}

function firstBroken(rules: readonly Rule<unknown>[]): Rule<unknown> {
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return only;
  return (value) => {
    for (const each of rules) {
      const problem = each(value);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}
