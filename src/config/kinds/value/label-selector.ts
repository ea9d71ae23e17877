import { memberOf } from "../../../base/member-of.js";
import type { Path } from "../../kind.js";
import { list, mapOf, oneOf, optional, strict, Text, type ValueOf } from "./fields.js";
import { each, type Findings, invalid } from "./findings.js";

const Requirement = strict({
  key: Text,
  operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"),
  values: optional(list(Text)),
});

/** Resources by their labels: all of the conditions have to hold (Kubernetes' LabelSelector). */
export type LabelSelector = ValueOf<typeof LabelSelector>;
export const LabelSelector = strict({
  matchLabels: optional(mapOf(Text)),
  matchExpressions: optional(list(Requirement)),
});

/** Operators with as many values as they need. */
export function checkLabelSelector(selector: LabelSelector, path: Path): Findings {
  return each(selector.matchExpressions, [...path, "matchExpressions"], function* (one, at) {
    const isAboutValues = one.operator === "In" || one.operator === "NotIn";
    const hasValues = (one.values ?? []).length > 0;
    if (isAboutValues && !hasValues)
      yield invalid([...at, "values"], `${one.operator} needs values`);
    if (!isAboutValues && hasValues) {
      yield invalid([...at, "values"], `${one.operator} has no values`);
    }
  });
}

/** Whether labels are as a selector says; an empty one selects everything. */
export function selectsLabels(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = memberOf(labels, key);
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      const isOne = value !== undefined && values.includes(value);
      return operator === "In" ? isOne : !isOne;
    })
  );
}
