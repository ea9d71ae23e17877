/** Which workloads a destination means. */
import { complete, mostSpecific } from "./hosts.js";
import {
  byAge,
  type Caller,
  type Destination,
  type DestinationRule,
  type Labels,
  selects,
  type Workload,
  type World,
} from "./objects.js";
import { exportedHosts, isExported, type KnownHost, ROOT_NAMESPACE } from "./visibility.js";

/** Some workloads of a host. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly subset: string;
  /** The names of those workloads, `name.namespace`. */
  readonly workloads: readonly string[];
}

type Rules = readonly DestinationRule[];

/** Whether it is for nobody beyond its namespace: "workload selectors do not apply across namespace boundaries". */
const isPrivate = ({ metadata, spec }: DestinationRule): boolean => {
  const { exportTo = [], workloadSelector } = spec;
  const isOwn = exportTo.every((one) => one === "." || one === metadata.namespace);
  return workloadSelector !== undefined || (exportTo.length > 0 && isOwn);
};

/**
 * The rules of a namespace for a host, those of the most specific one. Those count of other namespaces that leave them: one
 * that is not exported to a caller still stands before less specific ones, of which the documentation says nothing.
 */
function rulesIn(
  namespace: string,
  { destinationRules }: World,
  host: string,
  caller: Caller,
): Rules {
  const hostIn = ({ metadata, spec }: DestinationRule): string =>
    complete(spec.host, metadata.namespace);
  const isSeen = ({ spec }: DestinationRule): boolean =>
    isExported(spec.exportTo, namespace, caller.namespace);
  const rules = destinationRules
    .filter(({ metadata }) => metadata.namespace === namespace)
    .filter((one) => (namespace === caller.namespace ? isSeen(one) : !isPrivate(one)));
  const closest = mostSpecific(host, rules.map(hostIn));
  return rules.filter((one) => hostIn(one) === closest && isSeen(one)).sort(byAge);
}

/**
 * Those that are for a caller: "applied only to the workload instances matching the workload selector", before others. To these the
 * code adds what rules for all say that are exported in the same words, to the rule's own namespace, or to that among others.
 */
function rulesFor(rules: Rules, { labels }: Caller): Rules {
  const selecting = rules.filter(
    ({ spec: { workloadSelector } }) =>
      workloadSelector !== undefined && selects(workloadSelector.matchLabels, labels),
  );
  const forAll = rules.filter(({ spec }) => spec.workloadSelector === undefined);
  if (selecting.length === 0) return forAll;
  return [...selecting, ...forAll.filter(({ spec: { exportTo = [] } }) => exportTo.includes("."))];
}

/**
 * The subsets of a host. The rules that count are those of the first namespace of the lookup path that has any: "client
 * namespace, service namespace, the configured root namespace". Rules of one host are merged, and of a subset that
 * several define "the first definition is used".
 */
export function subsetsOf(
  world: World,
  { host, namespace }: KnownHost,
  caller: Caller,
): DestinationRule["spec"]["subsets"] {
  const path = [caller.namespace, namespace, ROOT_NAMESPACE];
  const rules = path
    .map((one) => rulesIn(one, world, host, caller))
    .find((found) => found.length > 0);
  return rulesFor(rules ?? [], caller).flatMap(({ spec }) => spec.subsets);
}

/** The workloads of a host. */
export const workloadsOf = (
  { workloads }: World,
  { namespace, selector }: KnownHost,
): readonly Workload[] =>
  workloads.filter(
    (one) => selector !== undefined && one.namespace === namespace && selects(selector, one.labels),
  );

/** The workloads of a port of a host; undefined of a port that it has not. */
export function targetOf(
  world: World,
  known: KnownHost,
  port: number,
  labels: Labels = {},
): Omit<Target, "subset"> | undefined {
  if (known.ports.every(({ number }) => number !== port)) return undefined;
  const workloads = workloadsOf(world, known).filter((one) => selects(labels, one.labels));
  return {
    host: known.host,
    port,
    workloads: workloads.map(({ name, namespace }) => `${name}.${namespace}`).sort(),
  };
}

/**
 * What a destination means in a rule of a namespace: "traffic forwarded to destinations that are not found … will be
 * dropped", which is undefined here. It need not name the only port of a service, and means the called one otherwise.
 */
export function destinationTarget(
  world: World,
  { host, subset = "", port }: Destination,
  namespace: string,
  { caller, calledPort }: { readonly caller: Caller; readonly calledPort: number },
): Target | undefined {
  const hostname = complete(host, namespace);
  const known = exportedHosts(world, caller.namespace).find((one) => one.host === hostname);
  if (known === undefined) return undefined;
  const [only, ...others] = known.ports;
  const single = others.length === 0 ? only?.number : undefined;
  const labels =
    subset === ""
      ? {}
      : subsetsOf(world, known, caller).find(({ name }) => name === subset)?.labels;
  if (labels === undefined) return undefined;
  const target = targetOf(world, known, port?.number ?? single ?? calledPort, labels);
  return target && { ...target, subset };
}
