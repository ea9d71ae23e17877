import type { Table } from "../../base/table/table.js";
import type { DestinationRuleSpec } from "../../config/kinds/networking/destination-rule/destination-rule.js";
import type { TrafficPolicy } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import { formatRef, type ResourceRef } from "../../config/resource.js";
import { isVisible, parseExportTo, type Visibility } from "../../config/visibility.js";
import { type HostResolver, resolveHost } from "../host-resolver.js";
import { isSubsetOf } from "../hostname.js";
import { type Labels, sameSelector, selects } from "../labels.js";
import { type DestinationRuleResource, originOf } from "../made-of.js";
import { comparePrecedence } from "../precedence.js";

/** A DestinationRule with its host completed. */
export interface DestinationRule {
  readonly host: string;
  readonly namespace: string;
  /** The resource, or of several that were put together the first. */
  readonly source: ResourceRef;
  /** All resources that it is made of. */
  readonly sources: readonly ResourceRef[];
  readonly spec: DestinationRuleSpec;
  readonly exportTo: Visibility;
  readonly resource: DestinationRuleResource;
}

/** Reads a DestinationRule. */
export function destinationRule(
  resource: DestinationRuleResource,
  resolver: HostResolver,
  exportTo: readonly string[],
): DestinationRule {
  const { namespace } = resource.metadata;
  const { workloadSelector } = resource.spec;
  return {
    host: resolveHost(resource.spec.host, namespace, resolver),
    namespace,
    source: originOf(resource),
    sources: originsOf(resource),
    spec: resource.spec,
    // One for some callers is for none of another namespace.
    exportTo: parseExportTo(
      workloadSelector === undefined ? resource.spec.exportTo : ["."],
      namespace,
      exportTo,
    ),
    resource,
  };
}

/** The resources of files that a rule is, or was made of. */
function originsOf(resource: DestinationRuleResource): readonly ResourceRef[] {
  const refs = [originOf(resource), ...(resource.madeOf ?? []).map(({ ref }) => ref)];
  return [...new Map(refs.map((ref) => [formatRef(ref), ref])).values()];
}

/** To whom a rule is exported, as it is written: a rule for some callers is for its own namespace. */
const exportedTo = ({ spec: { workloadSelector, exportTo = [] } }: DestinationRule) =>
  new Set(workloadSelector === undefined ? exportTo : ["."]);

/** How much of a rule a later one of the same host and namespace is. */
type Relation = "part" | "beside";

/**
 * A rule that is exported in the same words and is for the same callers is part of a first one. One that is exported to these
 * and to others is part of it for them alone, as is one for all callers of one for some. Others, undefined here, have nothing to
 * do with each other. See Istio, mergeDestinationRule, which leaves the latter out for all others.
 */
function relationTo(first: DestinationRule, rule: DestinationRule): Relation | undefined {
  if (first.namespace !== rule.namespace) return undefined;
  const [own, others] = [exportedTo(first), exportedTo(rule)];
  const isCovered = own.size > 0 && [...own].every((one) => others.has(one));
  const isSame = own.size === others.size && (own.size === 0 || isCovered);
  if (!isSame && !isCovered) return undefined;
  const [selector, other] = [selectorOf(first), selectorOf(rule)];
  if (sameSelector(selector, other)) return isSame ? "part" : "beside";
  return other === undefined ? "beside" : undefined;
}

/** The labels of the callers that a rule is for; undefined of a rule for all. */
const selectorOf = ({ spec: { workloadSelector } }: DestinationRule): Labels | undefined =>
  workloadSelector && (workloadSelector.matchLabels ?? {});

/** Whether a rule was made of something else, as of a BackendTLSPolicy, and not written by a user. */
const isMade = ({ resource }: DestinationRule): boolean => (resource.madeOf ?? []).length > 0;

type PortSettings = NonNullable<TrafficPolicy["portLevelSettings"]>;

/** Settings for ports with those of others where they have none, for each port that both have what the own leave open. */
function filledPorts(own: PortSettings, others: PortSettings): PortSettings {
  const other = new Map(others.map((one) => [one.port?.number, one]));
  const known = new Set(own.map(({ port }) => port?.number));
  return [
    ...own.map((one) => ({ ...other.get(one.port?.number), ...one })),
    ...others.filter(({ port }) => !known.has(port?.number)),
  ];
}

/**
 * The policy of two parts of a rule: that of the first if it has one; but where one is a user's and the other was made, the
 * user's, and of the other what it leaves open. See Istio, mergeBackendPolicyTrafficPolicy.
 */
function joinedPolicy(first: DestinationRule, second: DestinationRule): TrafficPolicy | undefined {
  const [own, other] = (isMade(first) && !isMade(second) ? [second, first] : [first, second]).map(
    ({ spec }) => spec.trafficPolicy,
  );
  if (own === undefined || other === undefined || isMade(first) === isMade(second)) {
    return own ?? other;
  }
  const { portLevelSettings: ports = [] } = own;
  const { portLevelSettings: otherPorts = [] } = other;
  return { ...other, ...own, portLevelSettings: filledPorts(ports, otherPorts) };
}

/** Two parts as one rule, with the subsets of both, of two with one name the first's. A user's part says what rule it is. */
function joined(first: DestinationRule, second: DestinationRule): DestinationRule {
  const { trafficPolicy: _own, subsets = [], ...rest } = first.spec;
  const trafficPolicy = joinedPolicy(first, second);
  const names = new Set(subsets.map(({ name }) => name));
  const more = (second.spec.subsets ?? []).filter(({ name }) => !names.has(name));
  const [leading, other] = isMade(first) && !isMade(second) ? [second, first] : [first, second];
  return {
    ...first,
    source: leading.source,
    resource: leading.resource,
    sources: [...leading.sources, ...other.sources],
    spec: {
      ...rest,
      ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
      subsets: [...subsets, ...more],
    },
  };
}

/**
 * The rules of one host, those for some callers before those for all, then the one that wins first; those that belong together are
 * put together, and what others have a part of stands before these: the last that a caller sees counts. See Istio, "Split large
 * virtual services and destination rules into multiple resources".
 */
export function orderRules(rules: Table<DestinationRule>): readonly DestinationRule[] {
  const sorted = [...rules.values()].sort(byPrecedence);
  const isSelecting = (rule: DestinationRule): boolean => selectorOf(rule) !== undefined;
  return [...sorted.filter(isSelecting), ...sorted.filter((rule) => !isSelecting(rule))].reduce<
    readonly DestinationRule[]
  >(withRule, []);
}

function withRule(
  ordered: readonly DestinationRule[],
  rule: DestinationRule,
): readonly DestinationRule[] {
  const relations = ordered.map((first) => relationTo(first, rule));
  const all = ordered.map((first, i) => (relations[i] === undefined ? first : joined(first, rule)));
  if (relations.includes("part")) return all;
  const before = ordered.findIndex(
    (first, i) => relations[i] === "beside" && selectorOf(first) === undefined,
  );
  return before < 0 ? [...all, rule] : all.toSpliced(before, 0, rule);
}

const byPrecedence = (a: DestinationRule, b: DestinationRule): number =>
  comparePrecedence(a.resource, b.resource);

/** Rules by the host that they name. */
export type RulesByHost = Table<readonly DestinationRule[]>;

const isPrivate = ({ exportTo, namespace }: DestinationRule): boolean =>
  !exportTo.everyone && exportTo.namespaces.every((one) => one === namespace);

/** Who asks for a rule, and for which service. */
export interface RuleQuery {
  readonly clientNamespace: string;
  /** Those of the client; without them no rule for some workloads applies. */
  readonly clientLabels?: Labels;
  readonly service: { readonly hostname: string; readonly namespace: string };
  readonly rootNamespace: string;
}

/** Of rules, the more specific host first, those for the most specific one. */
const mostSpecific = (rules: readonly DestinationRule[]): readonly DestinationRule[] =>
  rules.filter(({ host }) => host === rules[0]?.host);

/** Of rules for one host the first that selects a client of their namespace, else the last that is for all. */
function chooseRule(
  rules: readonly DestinationRule[],
  { clientNamespace, clientLabels = {} }: RuleQuery,
): DestinationRule | undefined {
  const selecting = rules.find((rule) => {
    const selector = selectorOf(rule);
    return (
      rule.namespace === clientNamespace &&
      selector !== undefined &&
      selects(selector, clientLabels)
    );
  });
  return selecting ?? rules.filter((rule) => selectorOf(rule) === undefined).at(-1);
}

/**
 * The rule that a client's proxies apply to a service: one of the client's own namespace that is for itself too, else one
 * that the service's namespace exports, else one that the root namespace does; in each those for the most specific host
 * count alone, even if they are not for this client. See Istio, "Destination rule lookup", and
 * DestinationRule.workloadSelector.
 */
export function findRule(
  exact: readonly DestinationRule[],
  wildcards: readonly DestinationRule[],
  query: RuleQuery,
): DestinationRule | undefined {
  const { clientNamespace, service, rootNamespace } = query;
  const all = [...exact, ...wildcards.filter((rule) => isSubsetOf(service.hostname, rule.host))];
  // What the root namespace shows to others is for its own callers as it is for those: after the service's.
  const own = mostSpecific(
    all.filter(
      (rule) =>
        rule.namespace === clientNamespace &&
        isVisible(rule.exportTo, clientNamespace) &&
        (clientNamespace !== rootNamespace || isPrivate(rule)),
    ),
  );
  if (own.length > 0) return chooseRule(own, query);
  const exportedBy = (namespace: string): DestinationRule | undefined => {
    const exported = all.filter((rule) => rule.namespace === namespace && !isPrivate(rule));
    const seen = mostSpecific(exported).filter(({ exportTo }) =>
      isVisible(exportTo, clientNamespace),
    );
    return chooseRule(seen, query);
  };
  return exportedBy(service.namespace) ?? exportedBy(rootNamespace);
}
