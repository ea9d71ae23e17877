/**
 * Rules that the ways to a host have to know of, and not its clusters alone: by which requests or connections of one key go
 * to one endpoint, since the way says what the key is, by which connections go through a tunnel, and by which they end.
 */
import type { Engine } from "../base/engine.js";
import { sameElements } from "../base/engine.js";
import { Table } from "../base/table.js";
import { chooseService } from "./choose-service.js";
import { type DestinationRule, findRule, type RulesByHost } from "./destination-rule.js";
import type { Labels } from "./labels.js";
import type { Service } from "./service.js";
import type { EffectivePolicy } from "./traffic-policy.js";

/** A host that has such a rule. */
interface RuledHost {
  readonly rules: readonly DestinationRule[];
  readonly services: Table<Service> | undefined;
}

/** The hosts with such rules, and those of wildcard hosts, with all that may win over them. Both are empty in most meshes. */
export interface RouteRules {
  readonly exact: Table<RuledHost>;
  readonly wildcards: readonly DestinationRule[];
}

/** None of them. */
export const NO_RULES: RouteRules = { exact: Table.empty(), wildcards: [] };

/** Whose ways are asked about. */
export interface RouteRuleQuery {
  readonly hostname: string;
  readonly clientNamespace: string;
  readonly clientLabels?: Labels;
  readonly rootNamespace: string;
}

/** Whether the ways to its host have to know of a rule. */
export function concernsRoutes({ spec }: DestinationRule): boolean {
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map((one) => one.trafficPolicy)];
  return policies.some(
    (policy) =>
      policy !== undefined &&
      (policy.tunnel !== undefined || [policy, ...(policy.portLevelSettings ?? [])].some(isOfWays)),
  );
}

function isOfWays({
  loadBalancer,
  connectionPool,
}: Pick<EffectivePolicy, "loadBalancer" | "connectionPool">): boolean {
  const { idleTimeout, maxConnectionDuration } = connectionPool?.tcp ?? {};
  return (
    loadBalancer?.consistentHash !== undefined ||
    idleTimeout !== undefined ||
    maxConnectionDuration !== undefined
  );
}

/** What rules are about. */
interface RuledHosts {
  readonly rules: RulesByHost;
  readonly wildcardRules: readonly DestinationRule[];
  readonly servicesByHost: Table<Table<Service>>;
}

/** Finds these rules; the same object for as long as they are the same. */
export function createRouteRules(engine: Engine): (hosts: RuledHosts) => RouteRules {
  const ofHost = engine.derive<[readonly DestinationRule[]], [boolean], readonly DestinationRule[]>(
    "rules for routes",
    (_host, [rules], all) => (all || rules?.some(concernsRoutes) === true ? rules : undefined),
  );
  const withServices = engine.derive<[readonly DestinationRule[], Table<Service>], [], RuledHost>(
    "hosts with rules for routes",
    (_host, [rules, services]) => rules && { rules, services },
    (a, b) => a.rules === b.rules && a.services === b.services,
  );
  const settle = engine.settle<RouteRules>(
    (a, b) => a.exact === b.exact && sameElements(a.wildcards, b.wildcards),
  );
  return ({ rules, wildcardRules, servicesByHost }) => {
    // Any other rule may win over one for a wildcard; without such a one none of them counts.
    const wildcards = wildcardRules.some(concernsRoutes) ? wildcardRules : [];
    const exact = ofHost([rules], wildcards.length > 0);
    return settle({ exact: withServices([exact, servicesByHost]), wildcards });
  };
}

/** The rule that the callers of a namespace apply to a host, if it may concern its routes. */
export function routeRule(
  { exact, wildcards }: RouteRules,
  { hostname, clientNamespace, clientLabels = {}, rootNamespace }: RouteRuleQuery,
): DestinationRule | undefined {
  const host = exact.get(hostname);
  if (host === undefined && wildcards.length === 0) return undefined;
  const namespace = chooseService(host?.services, clientNamespace)?.namespace;
  return findRule(host?.rules ?? [], wildcards, {
    clientNamespace,
    clientLabels,
    service: { hostname, namespace: namespace ?? hostname.split(".")[1] ?? "" },
    rootNamespace,
  });
}

/** The namespaces that may see other such rules than the rest does, sorted. */
export function routeRuleNamespaces({ exact, wildcards }: RouteRules): readonly string[] {
  const rules = [...[...exact.values()].flatMap((host) => host.rules), ...wildcards];
  return [
    ...new Set(rules.flatMap((rule) => [rule.namespace, ...rule.exportTo.namespaces])),
  ].sort();
}
