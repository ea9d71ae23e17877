/** `x authz check`. */
import { compareText } from "../../base/text/compare-text.js";
import type { FilterChainJson, HttpConnectionManagerJson, ListenerJson } from "../../envoy/api.js";
import { EXT_AUTHZ_NOTES } from "../../envoy/authorization/ext-authz.js";

type RulesAction = "ALLOW" | "DENY" | "LOG";

type Action = RulesAction | "CUSTOM";

/** The order in which Envoy asks them. */
const ACTIONS: readonly Action[] = ["CUSTOM", "DENY", "ALLOW", "LOG"];

/** A filter that lets nobody through, or nobody in particular, has no policies. */
const ANONYMOUS = "_anonymous_match_nothing_";

/**
 * A policy of an RBAC filter is a rule of an AuthorizationPolicy: `ns[default]-policy[viewer]-rule[0]`. What is written
 * around that says of a CUSTOM one whom to ask, and that it denies because nobody can be asked.
 */
const POLICY_NAME = /ns\[(.+)\]-policy\[(.+)\]-rule\[(.+)\]/;

/** envoy.config.rbac.v3.RBAC as far as it is read here. */
interface Rules {
  readonly action?: RulesAction;
  readonly policies?: Readonly<Record<string, unknown>>;
}

/** The RBAC filter, for HTTP and for connections, as far as it is read here. */
interface RbacFilter {
  readonly rules?: Rules;
  readonly shadowRules?: Rules;
  readonly shadowRulesStatPrefix?: string;
}

/** A rule as a filter has it. */
interface EnforcedRule {
  readonly action: Action;
  /** `NAME.NAMESPACE`, or the filter's own word for it. */
  readonly policy: string;
  readonly rule: string;
}

/** An AuthorizationPolicy as a proxy enforces it. */
export interface EnforcedPolicy {
  readonly action: Action;
  /** `NAME.NAMESPACE`, or the filter's own word for it. */
  readonly policy: string;
  readonly rules: number;
}

/** The AuthorizationPolicies in a proxy's RBAC filters, in the order in which they are asked. See istioctl x authz check. */
export function enforcedPolicies(listeners: readonly ListenerJson[]): readonly EnforcedPolicy[] {
  const rules = listeners.flatMap(({ filterChains = [] }) => filterChains.flatMap(rulesOfChain));
  return ACTIONS.flatMap((action) => {
    const ofAction = rules.filter((rule) => rule.action === action);
    return [...new Set(ofAction.map(({ policy }) => policy))]
      .sort(compareText)
      .map((policy) => ({ action, policy, rules: countRules(ofAction, policy) }));
  });
}

/** Their table, as rows of cells; the first is the heading. */
export function authorizationTable(
  policies: readonly EnforcedPolicy[],
): readonly (readonly string[])[] {
  return [
    ["ACTION", "AuthorizationPolicy", "RULES"],
    ...policies.map(({ action, policy, rules }) => [action, policy, String(rules)]),
  ];
}

/** Each listener has the rules of its own; a rule that several have is one. */
function countRules(rules: readonly EnforcedRule[], policy: string): number {
  return new Set(rules.filter((one) => one.policy === policy).map(({ rule }) => rule)).size;
}

function rulesOfChain({ filters = [] }: FilterChainJson): readonly EnforcedRule[] {
  const configs = filters.flatMap(({ typedConfig }) => {
    if (typedConfig?.["@type"]?.endsWith(".HttpConnectionManager") !== true) return [typedConfig];
    const { httpFilters = [] } = typedConfig as HttpConnectionManagerJson;
    return httpFilters.map((filter) => filter.typedConfig);
  });
  return configs
    .filter((config) => config?.["@type"]?.endsWith(".rbac.v3.RBAC") === true)
    .flatMap((config) => rulesOf(config as RbacFilter));
}

/** Those that are only tried out are not enforced; those about which an authorizer is asked are noted in the same way. */
function rulesOf({
  rules,
  shadowRules,
  shadowRulesStatPrefix,
}: RbacFilter): readonly EnforcedRule[] {
  const enforced = rules === undefined ? [] : rulesUnder(rules.action ?? "ALLOW", rules);
  const isAsked = shadowRules !== undefined && shadowRulesStatPrefix === EXT_AUTHZ_NOTES;
  return isAsked ? [...enforced, ...rulesUnder("CUSTOM", shadowRules)] : enforced;
}

function rulesUnder(action: Action, { policies = {} }: Rules): readonly EnforcedRule[] {
  const names = Object.keys(policies);
  if (names.length === 0) return [{ action, policy: ANONYMOUS, rule: "0" }];
  return names.map((name) => {
    const [, namespace, policy, rule] = POLICY_NAME.exec(name) ?? [];
    return namespace === undefined || policy === undefined || rule === undefined
      ? { action, policy: name, rule: name }
      : { action, policy: `${policy}.${namespace}`, rule };
  });
}
