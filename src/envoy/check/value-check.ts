/** Checks of values that are not messages of Envoy's own, made of the rules for them. */
import type { DescEnum } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type {
  EnumRulesJson,
  MapRulesJson,
  RepeatedRulesJson,
} from "../../../gen/types/validate/validate_pb.js";
import { protoDuration } from "../duration.js";
import { durationProblem } from "./durations.js";
import type { Rule } from "./rule.js";
import { UnknownRuleError, valueRule } from "./value-rules.js";
import { type FieldPath, pathOf, type Report } from "./violation.js";

/** Checks a value that is there: a field of the message around it, or an element of a list or map. */
export type ValueCheck = (
  value: unknown,
  around: FieldPath | undefined,
  step: FieldPath["step"],
  report: Report,
) => void;

/** The check that a value keeps a rule; undefined without a rule. */
export function ruleCheck(rule: Rule<unknown> | undefined): ValueCheck | undefined {
  if (rule === undefined) return undefined;
  return (value, around, step, report) => {
    const problem = rule(value);
    if (problem === undefined) return;
    const violation = { path: pathOf({ around, step }), problem };
    const found = textOf(value);
    report(found === undefined ? violation : { ...violation, found });
  };
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return isDuration(value) ? durationText(value) : undefined;
  }
}

const isDuration = (value: unknown): value is Duration =>
  typeof value === "object" && value !== null && "seconds" in value && "nanos" in value;

const durationText = ({ seconds, nanos }: Duration): string =>
  protoDuration(Number(seconds) * 1000 + nanos / 1e6);

/** The check of a duration, by a rule for it, if any, and by what Envoy asks of all durations. */
export function durationCheck(rule: Rule<unknown> | undefined): ValueCheck | undefined {
  return ruleCheck((value) => durationProblem(value as Duration) ?? rule?.(value));
}

/** The check of the value in a message that wraps it. */
export function wrappedCheck(check: ValueCheck): ValueCheck {
  return (value, around, step, report) => {
    check((value as { readonly value: unknown }).value, around, step, report);
  };
}

/** A check whose findings do not show what is there: it is secret. */
export function withoutShowing(check: ValueCheck): ValueCheck {
  return (value, around, step, report) => {
    check(value, around, step, ({ path, problem }) => {
      report({ path, problem });
    });
  };
}

/** The rule of an enum; undefined when it asks for nothing. */
export function enumRule(
  { values, value: known }: DescEnum,
  rules: EnumRulesJson = {},
): Rule<unknown> | undefined {
  onlyKnown("enum", rules, ["definedOnly", "notIn"]);
  const { definedOnly = false, notIn = [] } = rules;
  if (!definedOnly && notIn.length === 0) return undefined;
  const words = values.filter(({ number }) => !notIn.includes(number)).map(({ name }) => name);
  const problem = `must be one of ${words.join(", ")}`;
  return (value) => {
    const number = value as number;
    const isRefused = notIn.includes(number) || (definedOnly && known[number] === undefined);
    return isRefused ? problem : undefined;
  };
}

/** The check of a list and of its elements; undefined when nothing is asked of either. */
export function listCheck(
  rules: RepeatedRulesJson = {},
  element: ValueCheck | undefined,
): ValueCheck | undefined {
  onlyKnown("repeated", rules, ["minItems", "maxItems", "unique", "items"]);
  const { minItems, maxItems, unique = false } = rules;
  const size = sizeRule(minItems, maxItems, "element");
  const whole = ruleCheck((value) => {
    const list = value as readonly unknown[];
    const isRepeated = unique && new Set(list).size < list.length;
    return isRepeated ? "must not have an element twice" : size?.(list.length);
  });
  const isAsked = size !== undefined || unique;
  if (!isAsked && element === undefined) return undefined;
  return (value, around, step, report) => {
    const list = value as readonly unknown[];
    if (isAsked) whole?.(list, around, step, report);
    if (element === undefined || list.length === 0) return;
    const path = { around, step };
    for (let i = 0; i < list.length; i++) element(list[i], path, i, report);
  };
}

/** The check of a map, its keys and its values; undefined when nothing is asked of them. */
export function mapCheck(
  rules: MapRulesJson = {},
  element: ValueCheck | undefined,
): ValueCheck | undefined {
  onlyKnown("map", rules, ["minPairs", "keys", "values"]);
  const size = sizeRule(rules.minPairs, undefined, "entry");
  const key = ruleCheck(valueRule(rules.keys ?? {}));
  if (size === undefined && key === undefined && element === undefined) return undefined;
  const whole = ruleCheck((value) => size?.(Object.keys(value as object).length));
  return (value, around, step, report) => {
    whole?.(value, around, step, report);
    const path = { around, step };
    for (const [name, one] of Object.entries(value as object)) {
      key?.(name, path, { key: name }, report);
      element?.(one, path, { key: name }, report);
    }
  };
}

function sizeRule(
  least: string | undefined,
  most: string | undefined,
  what: "element" | "entry",
): Rule<number> | undefined {
  if (least === undefined && most === undefined) return undefined;
  const count = (text: string): string =>
    text === "1" ? `one ${what}` : `${text} ${what === "entry" ? "entries" : "elements"}`;
  return (size) => {
    if (least !== undefined && size < Number(least)) return `must have at least ${count(least)}`;
    return most !== undefined && size > Number(most)
      ? `must have at most ${count(most)}`
      : undefined;
  };
}

/** @throws UnknownRuleError when there are other rules than these */
export function onlyKnown(kind: string, rules: object, known: readonly string[]): void {
  const other = Object.keys(rules).find((name) => !known.includes(name));
  if (other !== undefined) throw new UnknownRuleError(`${kind}.${other}`);
}
