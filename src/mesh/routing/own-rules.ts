/**
 * DestinationRules as they apply to a service's own workloads: the limits on connections hold for the inbound clusters of a sidecar
 * too. See Istio, buildInboundCluster.
 */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Service } from "../service/service.js";
import { type DestinationRule, findRule, type RulesByHost } from "./destination-rule.js";

/** The rule for a host that a service of a namespace has. */
export interface OwnRule extends Pick<DestinationRule, "sources"> {
  readonly namespace: string;
  /** What the rule says of all subsets: the others are the callers' choice. */
  readonly trafficPolicy: NonNullable<DestinationRule["spec"]["trafficPolicy"]>;
}

/** By namespace, then by hostname; a host that several namespaces define has the rules of all. */
export type OwnRules = Table<Table<readonly OwnRule[]>>;

const hasPool = ({ spec: { trafficPolicy } }: DestinationRule): boolean =>
  trafficPolicy?.connectionPool !== undefined ||
  trafficPolicy?.portLevelSettings?.some(({ connectionPool }) => connectionPool !== undefined) ===
    true;

function ownRules(
  rules: readonly DestinationRule[],
  services: Table<Service>,
  wildcards: readonly DestinationRule[],
  rootNamespace: string,
): readonly OwnRule[] {
  return [...services.values()].flatMap((service) => {
    const { namespace } = service;
    const rule = findRule(rules, wildcards, { clientNamespace: namespace, service, rootNamespace });
    const trafficPolicy = rule?.spec.trafficPolicy;
    if (rule === undefined || trafficPolicy === undefined || !hasPool(rule)) return [];
    return [{ namespace, trafficPolicy, sources: rule.sources }];
  });
}

/** Finds the rules that limit connections to the workloads of their services. */
export function createOwnRules(engine: Engine): (
  hosts: {
    readonly rules: RulesByHost;
    readonly wildcardRules: readonly DestinationRule[];
    readonly servicesByHost: Table<Table<Service>>;
  },
  rootNamespace: string,
) => OwnRules {
  const settle = engine.settle<readonly DestinationRule[]>(sameElements);
  const ofHost = engine.derive<
    [readonly DestinationRule[], Table<Service>],
    [readonly DestinationRule[], string],
    readonly OwnRule[]
  >(
    "rules for a service's own workloads",
    (_host, [rules = [], services], wildcards, rootNamespace) => {
      if (services === undefined || rules.length + wildcards.length === 0) return undefined;
      const own = ownRules(rules, services, wildcards, rootNamespace);
      return own.length === 0 ? undefined : own;
    },
    // An edit of a rule's subsets is none for its service's workloads.
    isDeepStrictEqual,
  );
  const byNamespace = engine.group<readonly OwnRule[]>("own rules by namespace", (rules) => [
    ...new Set(rules.map(({ namespace }) => namespace)),
  ]);
  return ({ rules, wildcardRules, servicesByHost }, rootNamespace) => {
    // A wildcard rule without limits may yet win over one with them; without any of these, none of them counts.
    const wildcards = settle(wildcardRules.some(hasPool) ? wildcardRules : []);
    return byNamespace(ofHost([rules, servicesByHost], wildcards, rootNamespace));
  };
}
