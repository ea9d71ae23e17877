/** Envoy's RBAC filters, for HTTP and for connections, and the rules that they are given. */
import { DRY_RUN } from "../../config/kinds/istio-resource.js";
import type { ResourceOf } from "../../config/kinds.js";
import { any } from "../any.js";
import type { FilterJson, HttpFilterJson, PolicyJson, RBACJson } from "../api.js";
import { MATCHES_NOTHING, type RuleContext, rbacPolicy } from "./rule.js";

/** An AuthorizationPolicy in force. */
export type Policy = ResourceOf<"AuthorizationPolicy">;

/** What is done with a request that a rule matches. */
export type RbacAction = NonNullable<RBACJson["action"]>;

/** The names of the filters, by which they also call what they leave in metadata. */
export const RBAC_HTTP_FILTER = "envoy.filters.http.rbac";
export const RBAC_NETWORK_FILTER = "envoy.filters.network.rbac";
/** Where the statistics of connections are. */
const NETWORK_STATS = "tcp.";

/** The rules that a filter enforces, and the shadow rules, whose results it only writes into statistics and metadata, under a prefix. */
export interface RbacRules {
  readonly rules?: RBACJson;
  readonly shadowRules?: RBACJson;
  readonly shadowRulesStatPrefix?: string;
}

/** What all policies of one filter have in common. */
export interface RulesContext extends Pick<RuleContext, "trustDomains" | "tcp"> {
  readonly action: RbacAction;
}

/** Whether a policy is a dry run: its result is written down, but not enforced. */
export function isDryRun({ metadata }: Policy): boolean {
  return /^(1|t|T|true|True|TRUE)$/.test(metadata.annotations[DRY_RUN] ?? "");
}

/** The rules of some policies for one action; `named` makes the name of a rule of the usual one. */
export function rbacRules(
  policies: readonly Policy[],
  { trustDomains, tcp, action }: RulesContext,
  named: (name: string) => string = (name) => name,
): RBACJson {
  const all = policies.flatMap(({ metadata: { namespace, name }, spec }) => {
    const nameOf = (rule: number): string =>
      named(`ns[${namespace}]-policy[${name}]-rule[${String(rule)}]`);
    const { rules = [] } = spec;
    if (rules.length === 0) return [[nameOf(0), MATCHES_NOTHING] as const];
    const context = { policyNamespace: namespace, trustDomains, tcp, allows: action === "ALLOW" };
    return rules.flatMap((rule, i): (readonly [string, PolicyJson])[] => {
      const policy = rbacPolicy(rule, context);
      return policy === undefined ? [] : [[nameOf(i), policy]];
    });
  });
  return { ...(action === "ALLOW" ? {} : { action }), policies: Object.fromEntries(all) };
}

/** The rules of the policies of one action; those of dry runs are shadow rules. Undefined without policies. */
export function actionRules(
  policies: readonly Policy[],
  context: RulesContext,
): RbacRules | undefined {
  if (policies.length === 0) return undefined;
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const noted = policies.filter(isDryRun);
  return {
    ...(enforced.length > 0 ? { rules: rbacRules(enforced, context) } : {}),
    ...(noted.length > 0 ? { shadowRules: rbacRules(noted, context) } : {}),
    ...DRY_RUN_NOTES[noted.length > 0 ? context.action : "ALLOW"],
  };
}

/** The prefix of the results of a dry run. An audit has none: its result would hide those of the other actions. */
const DRY_RUN_NOTES: Partial<Record<RbacAction, Pick<RbacRules, "shadowRulesStatPrefix">>> = {
  ALLOW: { shadowRulesStatPrefix: "istio_dry_run_allow_" },
  DENY: { shadowRulesStatPrefix: "istio_dry_run_deny_" },
};

/** The filter of a connection manager. */
export function rbacHttpFilter(rules: RbacRules): HttpFilterJson {
  return {
    name: RBAC_HTTP_FILTER,
    typedConfig: any("envoy.extensions.filters.http.rbac.v3.RBAC", rules),
  };
}

/** The filter of connections. */
export function rbacNetworkFilter(rules: RbacRules): FilterJson {
  return {
    name: RBAC_NETWORK_FILTER,
    typedConfig: any("envoy.extensions.filters.network.rbac.v3.RBAC", {
      statPrefix: NETWORK_STATS,
      ...rules,
    }),
  };
}
