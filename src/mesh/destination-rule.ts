import type { Table } from "../base/table.js";
import type { DestinationRuleSpec } from "../config/kinds/destination-rule.js";
import type { ResourceOf } from "../config/kinds.js";
import { type ResourceRef, refOf } from "../config/resource.js";
import { type HostResolver, resolveHost } from "./host-resolver.js";
import { compareSpecificity, isSubsetOf, isWildcard } from "./hostname.js";
import { comparePrecedence } from "./precedence.js";
import { isVisible, parseExportTo, type Visibility } from "./visibility.js";

/** A DestinationRule with its host completed. */
export interface DestinationRule {
  readonly host: string;
  readonly namespace: string;
  readonly source: ResourceRef;
  readonly spec: DestinationRuleSpec;
  readonly exportTo: Visibility;
  readonly resource: ResourceOf<"DestinationRule">;
}

/** Reads a DestinationRule. */
export function destinationRule(
  resource: ResourceOf<"DestinationRule">,
  resolver: HostResolver,
  exportTo: readonly string[],
): DestinationRule {
  const { namespace } = resource.metadata;
  return {
    host: resolveHost(resource.spec.host, namespace, resolver),
    namespace,
    source: refOf(resource),
    spec: resource.spec,
    exportTo: parseExportTo(resource.spec.exportTo, namespace, exportTo),
    resource,
  };
}

/** The rules of one host, the one that wins first. */
export function orderRules(rules: Table<DestinationRule>): readonly DestinationRule[] {
  return [...rules.values()].sort((a, b) => comparePrecedence(a.resource, b.resource));
}

/** Rules by the host that they name. */
export type RulesByHost = Table<readonly DestinationRule[]>;

/** The rules whose host is a wildcard, the most specific host first. */
export function wildcardRules(rules: RulesByHost): readonly DestinationRule[] {
  return [...rules]
    .filter(([host]) => isWildcard(host))
    .sort(([a], [b]) => compareSpecificity(a, b))
    .flatMap(([, list]) => list);
}

/** Who asks for a rule, and for which service. */
export interface RuleQuery {
  readonly clientNamespace: string;
  readonly service: { readonly hostname: string; readonly namespace: string };
  readonly rootNamespace: string;
}

/**
 * The rule that a client's proxies apply to a service: one of the client's own namespace, else one that the service's
 * namespace exports, else one that the root namespace does; in each the most specific host first. See Istio,
 * "Destination rule lookup".
 */
export function findRule(
  exact: readonly DestinationRule[],
  wildcards: readonly DestinationRule[],
  { clientNamespace, service, rootNamespace }: RuleQuery,
): DestinationRule | undefined {
  const matching = [
    ...exact,
    ...wildcards.filter((rule) => isSubsetOf(service.hostname, rule.host)),
  ].filter((rule) => rule.spec.workloadSelector === undefined);
  const exportedBy = (namespace: string): DestinationRule | undefined =>
    matching.find(
      (rule) => rule.namespace === namespace && isVisible(rule.exportTo, clientNamespace),
    );
  const own =
    clientNamespace === rootNamespace
      ? undefined
      : matching.find((rule) => rule.namespace === clientNamespace);
  return own ?? exportedBy(service.namespace) ?? exportedBy(rootNamespace);
}
