/** The filters by which a proxy decides who may do what: Istio's AuthorizationPolicies. */
import type { FilterJson, HttpFilterJson } from "../api.js";
import { type CustomContext, customFilters } from "./custom.js";
import {
  actionRules,
  type Policy,
  type RbacAction,
  rbacHttpFilter,
  rbacNetworkFilter,
} from "./rbac.js";

/** The filters of a workload's policies. On HTTP the tokens are checked between the two groups. */
export interface AuthorizationFilters {
  /** The filters of the action CUSTOM: they ask external authorizers. */
  readonly custom: readonly HttpFilterJson[];
  /** The filters of the actions AUDIT, DENY and ALLOW, in this order. */
  readonly http: readonly HttpFilterJson[];
  /** The filters of all actions for connections that are not HTTP. */
  readonly network: readonly FilterJson[];
}

/** The order of their filters: a request that a DENY policy is for is denied, also where an ALLOW policy is for it. */
const ACTIONS: readonly (readonly [NonNullable<Policy["spec"]["action"]>, RbacAction])[] = [
  ["AUDIT", "LOG"],
  ["DENY", "DENY"],
  ["ALLOW", "ALLOW"],
];

/** The filters of the policies that apply to a workload. */
export function authorizationFilters(
  policies: readonly Policy[],
  context: CustomContext,
): AuthorizationFilters {
  const { trustDomains } = context;
  const withAction = (action: Policy["spec"]["action"]): readonly Policy[] =>
    policies.filter(({ spec }) => (spec.action ?? "ALLOW") === action);
  const rules = (tcp: boolean) =>
    ACTIONS.flatMap(
      ([action, done]) =>
        actionRules(withAction(action), { trustDomains, tcp, action: done }) ?? [],
    );
  const custom = customFilters(withAction("CUSTOM"), context);
  return {
    custom: custom.http,
    http: rules(false).map(rbacHttpFilter),
    network: [...custom.network, ...rules(true).map(rbacNetworkFilter)],
  };
}
