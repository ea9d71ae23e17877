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
  /** Ask those whom custom policies name. */
  readonly custom: readonly HttpFilterJson[];
  /** Audit, deny, then allow. */
  readonly http: readonly HttpFilterJson[];
  /** All of it for connections. */
  readonly network: readonly FilterJson[];
}

/** In this order: what is denied is denied, whatever allows it. */
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
