/**
 * DestinationRules that routes and TCP proxies to a host have to know of, not only its clusters: those with consistent hashing,
 * since the route says what is hashed, with a tunnel, or with a limit on how long TCP connections last.
 */
import type { Engine } from "../../base/engine/engine.js";
import { sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { isSubsetOf } from "../hostname.js";
import type { Labels } from "../labels.js";
import { chooseService } from "../service/choose-service.js";
import type { Service } from "../service/service.js";
import { type DestinationRule, findRule, type RulesByHost } from "./destination-rule.js";
import { callPolicy, type EffectivePolicy } from "./traffic-policy.js";

/** A host with such rules. */
interface RuledHost {
  /** All rules that may be for it, those of wildcard hosts last. */
  readonly rules: readonly DestinationRule[];
  readonly services: Table<Service> | undefined;
}

/** These hosts, by name: none in most meshes. */
export type RouteRules = Table<RuledHost>;

/** None of them. */
export const NO_RULES: RouteRules = Table.empty();

/** Whose routes are asked about. */
export interface RouteClient {
  readonly clientNamespace: string;
  readonly clientLabels?: Labels;
  readonly rootNamespace: string;
}

/** Where a route leads: a port of a host, or of a subset of it (`""` for all). */
export interface WayEnd {
  readonly hostname: string;
  readonly subset: string;
  readonly port: number;
}

/** Whether routes to its host have to know of a rule. */
function concernsRoutes({ spec }: DestinationRule): boolean {
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

const keepsClients = ({ sessionAffinity }: Service): boolean => sessionAffinity !== undefined;

/** The rule for a service, if routes to it have to know of it. */
export function ruleForWays(
  rule: DestinationRule | undefined,
  service: Service,
): DestinationRule | undefined {
  const counts = rule !== undefined && (keepsClients(service) || concernsRoutes(rule));
  return counts ? rule : undefined;
}

/** What rules are about. */
interface RuledHosts {
  readonly rules: RulesByHost;
  readonly wildcardRules: readonly DestinationRule[];
  readonly servicesByHost: Table<Table<Service>>;
}

/** Finds these hosts; the same object for as long as they are the same. */
export function createRouteRules(engine: Engine): (hosts: RuledHosts) => RouteRules {
  const derive = engine.derive<
    [readonly DestinationRule[], Table<Service>],
    [readonly DestinationRule[]],
    RuledHost
  >(
    "hosts with rules for routes",
    (hostname, [exact = [], services], wildcards) => {
      const matching = wildcards.filter(({ host }) => isSubsetOf(hostname, host));
      // Any other rule may win over one of these, or say how endpoints are chosen instead of the service.
      const rules = matching.length === 0 ? exact : [...exact, ...matching];
      const counts =
        rules.some(concernsRoutes) || [...(services?.values() ?? [])].some(keepsClients);
      return counts ? { rules, services } : undefined;
    },
    (a, b) => sameElements(a.rules, b.rules) && a.services === b.services,
  );
  return ({ rules, wildcardRules, servicesByHost }) =>
    derive([rules, servicesByHost], wildcardRules);
}

/** The policy for where a route leads, as far as it may concern the route. */
export function routePolicy(
  rules: RouteRules,
  client: RouteClient,
  { hostname, subset, port }: WayEnd,
): EffectivePolicy {
  const host = rules.get(hostname);
  if (host === undefined) return {};
  const service = chooseService(host.services, client.clientNamespace);
  const namespace = service?.namespace ?? hostname.split(".")[1] ?? "";
  const rule = findRule(host.rules, [], { ...client, service: { hostname, namespace } });
  return callPolicy({ rule, service }, subset, port);
}

/** The namespaces to whose callers such a host may be another than to the rest, sorted. */
export function routeRuleNamespaces(hosts: RouteRules): readonly string[] {
  const namespaces = [...hosts.values()].flatMap(({ rules, services }) => [
    ...rules.flatMap((rule) => [rule.namespace, ...rule.exportTo.namespaces]),
    ...(services === undefined || services.size < 2 ? [] : [...services.values()].map(namespaceOf)),
  ]);
  return [...new Set(namespaces)].sort();
}

const namespaceOf = ({ namespace }: Service): string => namespace;
