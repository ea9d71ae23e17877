/** Which DestinationRule counts for a caller of a host, and what it says of a port of a subset. */
import { complete, mostSpecific } from "../routing/hosts.js";
import { byAge, selects } from "../routing/objects.js";
import { ROOT_NAMESPACE } from "../routing/visibility.js";
import type {
  DestinationRule,
  PlacedCaller,
  PortTrafficPolicy,
  Subset,
  TrafficPolicy,
  World,
} from "./objects.js";
import type { Host } from "./registry.js";

/** The rule that counts, of one object or of several. */
export interface Rule {
  readonly host: string;
  readonly namespace: string;
  /** As it is written; a rule with a selector is for its own namespace. */
  readonly exportTo: ReadonlySet<string>;
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly trafficPolicy: TrafficPolicy | undefined;
  readonly subsets: readonly Subset[];
}

function ruleOf({ metadata: { namespace }, spec }: DestinationRule): Rule {
  const { workloadSelector, exportTo = [] } = spec;
  return {
    host: complete(spec.host, namespace),
    namespace,
    exportTo: new Set(workloadSelector === undefined ? exportTo : ["."]),
    selector: workloadSelector?.matchLabels,
    trafficPolicy: spec.trafficPolicy,
    subsets: spec.subsets ?? [],
  };
}

const isExportedTo = ({ exportTo, namespace: own }: Rule, namespace: string): boolean =>
  exportTo.size === 0 ||
  [...exportTo].some((one) => one === "*" || (one === "." ? own : one) === namespace);

const isPrivate = ({ exportTo, namespace }: Rule): boolean =>
  exportTo.size === 1 && (exportTo.has(".") || exportTo.has(namespace));

const isWithin = (a: Rule["exportTo"], b: Rule["exportTo"]): boolean =>
  [...a].every((one) => b.has(one));

const isSame = (a: Rule["exportTo"], b: Rule["exportTo"]): boolean =>
  a.size === b.size && isWithin(a, b);

const isSameSelector = (a: Rule["selector"], b: Rule["selector"]): boolean =>
  a === undefined || b === undefined
    ? a === b
    : Object.keys(a).length === Object.keys(b).length && selects(a, b);

/** "Unique subsets are concatenated", and the first policy counts. */
function merged(first: Rule, second: Rule): Rule {
  const names = first.subsets.map(({ name }) => name);
  return {
    ...first,
    trafficPolicy: first.trafficPolicy ?? second.trafficPolicy,
    subsets: [...first.subsets, ...second.subsets.filter(({ name }) => !names.includes(name))],
  };
}

/** Whether a later rule says more of what an earlier one is about, for the callers of that one. */
function adds(first: Rule, later: Rule): boolean {
  const isWider = first.exportTo.size > 0 && isWithin(first.exportTo, later.exportTo);
  if (!isWider && !isSame(first.exportTo, later.exportTo)) return false;
  return later.selector === undefined || isSameSelector(first.selector, later.selector);
}

const isPartOf = (first: Rule, later: Rule): boolean =>
  isSame(first.exportTo, later.exportTo) && isSameSelector(first.selector, later.selector);

/**
 * Rules of one host in one namespace: those that select callers first. Of those that are exported in the same words to the same
 * callers one is made. "Kept as independent rules if the exportTos are not equal": but to one that is exported to fewer is added
 * what others say that are exported to these too, as it is to one that selects. The code forgets the latter then; here they
 * count for those who do not see the former.
 */
function consolidated(rules: readonly Rule[]): readonly Rule[] {
  const sorted = [
    ...rules.filter(({ selector }) => selector !== undefined),
    ...rules.filter(({ selector }) => selector === undefined),
  ];
  const firsts = sorted.filter((one, i) =>
    sorted.slice(0, i).every((first) => !isPartOf(first, one)),
  );
  return firsts.map((first) =>
    sorted
      .slice(sorted.indexOf(first) + 1)
      .filter((later) => adds(first, later))
      .reduce(merged, first),
  );
}

/** Of the rules of a namespace those for the most specific host. */
function closest(rules: readonly Rule[], hostname: string): readonly Rule[] {
  const host = mostSpecific(hostname, [...new Set(rules.map((one) => one.host))]);
  return consolidated(rules.filter((one) => one.host === host));
}

/**
 * "Client namespace, service namespace, the configured root namespace": in each those of the most specific host count. The
 * root namespace's own callers find there first what is for them alone.
 */
function candidates(world: World, { hostname, namespace }: Host, caller: PlacedCaller) {
  const rules = [...world.destinationRules].sort(byAge).map(ruleOf);
  const inNamespace = (own: string): readonly Rule[] =>
    rules.filter((one) => one.namespace === own);
  const isRoot = caller.namespace === ROOT_NAMESPACE;
  const own = closest(
    inNamespace(caller.namespace).filter(
      (one) => isExportedTo(one, caller.namespace) && (!isRoot || isPrivate(one)),
    ),
    hostname,
  );
  if (own.length > 0) return own;
  for (const other of [namespace, ROOT_NAMESPACE]) {
    const found = closest(
      inNamespace(other).filter((one) => !isPrivate(one)),
      hostname,
    ).filter((one) => isExportedTo(one, caller.namespace));
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * One that selects the caller before others. Of several that are exported differently the code takes the last of those that
 * say nothing more of another.
 */
export function ruleFor(world: World, host: Host, caller: PlacedCaller): Rule | undefined {
  const found = candidates(world, host, caller);
  const all = found.filter((one, i) =>
    found.slice(0, i).every((first) => first.selector !== undefined || !adds(first, one)),
  );
  const selecting = all.find(
    ({ selector, namespace }) =>
      selector !== undefined && namespace === caller.namespace && selects(selector, caller.labels),
  );
  return selecting ?? all.filter(({ selector }) => selector === undefined).at(-1);
}

/** What a policy says of a port, where it speaks of ports. */
const ofPort = (policy: TrafficPolicy, port: number): PortTrafficPolicy | undefined =>
  policy.portLevelSettings?.find((one) => one.port?.number === port);

/** What is said of a port of a subset. */
export function policyFor(rule: Rule | undefined, subset: string, port: number): TrafficPolicy {
  const { tunnel: _, ...policy } = settingsFor(rule, subset, port);
  const own = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  // Those of ports cannot say it, and so they take nothing of it away.
  const tunnel = own?.tunnel ?? rule?.trafficPolicy?.tunnel;
  return tunnel === undefined ? policy : { ...policy, tunnel };
}

/**
 * "Traffic settings specified at the destination-level will not be inherited when overridden by port-level settings"; settings
 * of a subset override those of the destination, section by section.
 */
function settingsFor(rule: Rule | undefined, subset: string, port: number): TrafficPolicy {
  const atPort = (policy: TrafficPolicy): TrafficPolicy => {
    const own = ofPort(policy, port);
    if (own === undefined) return policy;
    const { port: _, ...settings } = own;
    return settings;
  };
  const whole = atPort(rule?.trafficPolicy ?? {});
  const own = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  if (own === undefined) return whole;
  const { proxyProtocol, retryBudget } = whole;
  const isOfPort = ofPort(own, port) !== undefined;
  const base = isOfPort
    ? {
        ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
        ...(retryBudget === undefined ? {} : { retryBudget }),
      }
    : whole;
  return { ...base, ...atPort(own) };
}
