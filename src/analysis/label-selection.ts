import { memberOf } from "../base/member-of.js";
import type { TextMap } from "../config/kinds/value/fields.js";
import { selects } from "../mesh/labels.js";
import type { Draft } from "./draft.js";
import type { LabelSelector } from "./kinds/label-selector.js";

/** Whether Kubernetes' selector takes something with these labels; none takes all, one that is not in order takes nothing. */
export function selectorMatches(
  selector: Draft<LabelSelector> | undefined,
  labels: TextMap,
): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return selects(matchLabels, labels) && matchExpressions.every((one) => holds(one, labels));
}

type Expression = NonNullable<Draft<LabelSelector>["matchExpressions"]>[number];

function holds({ key = "", operator, values = [] }: Expression, labels: TextMap): boolean {
  const value = memberOf(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
