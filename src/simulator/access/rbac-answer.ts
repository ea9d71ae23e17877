/** What a filter of rules says of a call. See Envoy, "Role Based Access Control". */
import type { RBACJson } from "../../envoy/api.js";
import type { FilterAnswer, FilterVerdict, Metadata } from "./filter-answer.js";
import { askRbac, type Examined } from "./rbac.js";

/** The configuration of such a filter. */
export interface RbacConfig {
  readonly rules?: RBACJson;
  /** Rules that are noted and change nothing. */
  readonly shadowRules?: RBACJson;
  readonly shadowRulesStatPrefix?: string;
}

/** What the filter of that name says. */
export function rbacAnswer(filter: string, config: RbacConfig, asked: Examined): FilterAnswer {
  const verdict = rbacVerdict(config, asked);
  return { ...(verdict && { verdict }), metadata: notesOf(filter, config, asked) };
}

/** What the filter says of rules that it only notes. See Envoy, RBAC's dynamic metadata. */
function notesOf(
  filter: string,
  { shadowRules, shadowRulesStatPrefix = "" }: RbacConfig,
  asked: Examined,
): Metadata {
  if (shadowRules === undefined) return {};
  const { policy } = askRbac(shadowRules, asked);
  return { [filter]: { [`${shadowRulesStatPrefix}shadow_effective_policy_id`]: policy } };
}

/** What is only noted (shadow rules) lets everything through. */
function rbacVerdict({ rules }: RbacConfig, asked: Examined): FilterVerdict | undefined {
  if (rules === undefined) return undefined;
  const { action = "ALLOW" } = rules;
  const { isAllowed, policy } = askRbac(rules, asked);
  if (action === "LOG") return undefined;
  const verb = action === "DENY" ? "denies" : "allows";
  const reason = policy === undefined ? `no rule ${verb} it` : `a rule ${verb} it`;
  const decided = policy === undefined ? {} : { policy };
  const policies = Object.keys(rules.policies ?? {});
  return { filter: "authorization", isAllowed, action, policies, reason, ...decided };
}
