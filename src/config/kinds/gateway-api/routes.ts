/** What routes of all kinds have. */
import type { Path } from "../../kind.js";
import { optional, Text } from "../value/fields.js";
import { each, type Findings, given, unique } from "../value/findings.js";
import { checkSectionName } from "./names.js";
import { checkHostnames, checkParents, type ParentReference, ParentReferences } from "./parents.js";

/** What a route is attached to. */
export const ATTACHMENT_FIELDS = {
  parentRefs: optional(ParentReferences),
  useDefaultGateways: optional(Text),
} as const;

interface Rule {
  readonly name?: string;
}

/** A route with rules of some kind. */
interface Route<R extends Rule> {
  readonly parentRefs?: readonly ParentReference[];
  readonly hostnames?: readonly string[];
  readonly rules?: readonly R[];
}

const RULES: Path = ["spec", "rules"];

/** Parents, hosts and names of rules that can be, and what the kind says of each rule. */
export function* checkRoute<R extends Rule>(
  { parentRefs, hostnames, rules }: Route<R>,
  checkRule: (rule: R, path: Path) => Findings,
): Findings {
  yield* given(parentRefs, ["spec", "parentRefs"], checkParents);
  yield* given(hostnames, ["spec", "hostnames"], checkHostnames);
  yield* each(rules, RULES, function* (rule, path) {
    yield* given(rule.name, [...path, "name"], checkSectionName);
    yield* checkRule(rule, path);
  });
}

/** Names that no two rules of a route have. */
export function checkRuleNames(rules: readonly Rule[]): Findings {
  const names = rules.map(({ name }, index) => name ?? index);
  return unique(names, (index) => [...RULES, index, "name"], "name of a rule");
}
