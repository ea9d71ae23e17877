/** Rules by which requests of one key go to one endpoint: routes have to say what the key is. */
import type { Engine } from "../base/engine.js";
import { sameElements } from "../base/engine.js";
import type { Table } from "../base/table.js";
import { chooseService } from "./choose-service.js";
import { type DestinationRule, findRule, type RulesByHost } from "./destination-rule.js";
import type { Labels } from "./labels.js";
import type { Service } from "./service.js";

/** A host for which some rule hashes. */
interface HashedHost {
  readonly rules: readonly DestinationRule[];
  readonly services: Table<Service> | undefined;
}

/** The hosts with rules that hash, and such rules of wildcard hosts. Both are empty in most meshes. */
export interface HashRules {
  readonly exact: Table<HashedHost>;
  readonly wildcards: readonly DestinationRule[];
}

/** Whose routes are asked about. */
export interface HashQuery {
  readonly hostname: string;
  readonly clientNamespace: string;
  readonly clientLabels?: Labels;
  readonly rootNamespace: string;
}

function hashes({ spec }: DestinationRule): boolean {
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map((one) => one.trafficPolicy)];
  return policies.some(
    (policy) =>
      policy?.loadBalancer?.consistentHash !== undefined ||
      policy?.portLevelSettings?.some((one) => one.loadBalancer?.consistentHash !== undefined) ===
        true,
  );
}

/** What rules are about. */
interface RuledHosts {
  readonly rules: RulesByHost;
  readonly wildcardRules: readonly DestinationRule[];
  readonly servicesByHost: Table<Table<Service>>;
}

/** Finds the rules that hash; the same object for as long as they are the same. */
export function createHashRules(engine: Engine): (hosts: RuledHosts) => HashRules {
  const ofHost = engine.derive<[readonly DestinationRule[]], [], readonly DestinationRule[]>(
    "rules that hash",
    (_host, [rules]) => (rules?.some(hashes) === true ? rules : undefined),
  );
  const withServices = engine.derive<[readonly DestinationRule[], Table<Service>], [], HashedHost>(
    "hosts whose requests are hashed",
    (_host, [rules, services]) => rules && { rules, services },
    (a, b) => a.rules === b.rules && a.services === b.services,
  );
  const settle = engine.settle<HashRules>(
    (a, b) => a.exact === b.exact && sameElements(a.wildcards, b.wildcards),
  );
  return ({ rules, wildcardRules, servicesByHost }) =>
    settle({
      exact: withServices([ofHost([rules]), servicesByHost]),
      wildcards: wildcardRules.filter(hashes),
    });
}

/** The rule that the callers of a namespace apply to a host, if it may hash. */
export function hashRule(
  { exact, wildcards }: HashRules,
  { hostname, clientNamespace, clientLabels = {}, rootNamespace }: HashQuery,
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
export function hashingNamespaces({ exact, wildcards }: HashRules): readonly string[] {
  const rules = [...[...exact.values()].flatMap((host) => host.rules), ...wildcards];
  return [
    ...new Set(rules.flatMap((rule) => [rule.namespace, ...rule.exportTo.namespaces])),
  ].sort();
}
