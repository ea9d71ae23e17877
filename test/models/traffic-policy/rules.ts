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

const isSame = (a: Rule["exportTo"], b: Rule["exportTo"]): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));

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

/** Rules of one host in one namespace as the parts of fewer: those are put together that are exported alike and select alike. */
function consolidated(rules: readonly Rule[]): readonly Rule[] {
  const all: Rule[] = [];
  for (const rule of rules) {
    const at = all.findIndex(
      (one) => isSame(one.exportTo, rule.exportTo) && isSameSelector(one.selector, rule.selector),
    );
    const first = all[at];
    if (first === undefined) all.push(rule);
    else all[at] = merged(first, rule);
  }
  return all;
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

/** One that selects the caller before others; of several that are exported differently the code takes the last. */
export function ruleFor(world: World, host: Host, caller: PlacedCaller): Rule | undefined {
  const all = candidates(world, host, caller);
  const selecting = all.find(
    ({ selector, namespace }) =>
      selector !== undefined && namespace === caller.namespace && selects(selector, caller.labels),
  );
  return selecting ?? all.filter(({ selector }) => selector === undefined).at(-1);
}

/** What a policy says of a port, where it speaks of ports. */
const ofPort = (policy: TrafficPolicy, port: number): PortTrafficPolicy | undefined =>
  policy.portLevelSettings?.find((one) => one.port?.number === port);

/**
 * "Traffic settings specified at the destination-level will not be inherited when overridden by port-level settings"; settings
 * of a subset override those of the destination, section by section.
 */
export function policyFor(rule: Rule | undefined, subset: string, port: number): TrafficPolicy {
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
