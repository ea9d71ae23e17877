/**
 * On-demand discovery: what a sidecar is sent that asks only for what it uses. These are the virtual hosts of the names that it has
 * called, their clusters and those that it asked for itself, and everything that does not belong to a service.
 *
 * Each called name gets a virtual host of its own, so that no wildcard hides a host that the sidecar does not have yet. It treats
 * requests as the virtual host of the whole table would that matches the name. A sidecar that calls very many names is sent
 * everything.
 */
import type { Engine } from "../../base/engine/engine.js";
import { overlay, Table } from "../../base/table/table.js";
import { SERVICE_CLUSTER_PREFIX } from "../names.js";
import { createDomainIndex, type DomainIndex } from "../outbound/repeated-domains.js";
import {
  type AskedNames,
  askedSets,
  type EnvoyResource,
  type ProxySets,
  type ResourceSet,
  type ResourceSets,
  resourceSet,
  unionOf,
} from "../resource/resource-set.js";
import {
  type AskedHost,
  domainsFor,
  firstHost,
  hostFor,
  idleHost,
  parseAskedHost,
} from "../route/asked-host.js";
import { domainKey } from "../route/route-configuration.js";

/** A sidecar that asks for more virtual hosts than this is sent all. */
const MAX_ASKED_HOSTS = 500;

/** How many names are answered for a sidecar that is sent all: with all at hand its Envoy asks for no more. */
const MAX_ANSWERS = 1000;

type HostMaker = (host: EnvoyResource, routeName: string, name: string) => EnvoyResource;

/** The virtual hosts of a scope. */
interface HostIndex {
  readonly byDomain: DomainIndex<EnvoyResource>["all"];
  /** Whether there are wildcards but `*`. */
  readonly hasWildcards: boolean;
}

/** Makes virtual hosts for names. */
interface HostMakers {
  /** For a name that the virtual host has: there are no more of these than domains. */
  readonly exact: HostMaker;
  /** For a name that a wildcard of it takes. */
  readonly wildcard: HostMaker;
}

/** Virtual hosts by name. */
type Hosts = ReadonlyMap<string, EnvoyResource>;

/**
 * The sets of one sidecar, with what it is sent of them when it asks. `scope` stands for all sidecars that have its virtual
 * hosts; the sidecar cannot do without the `needed` clusters.
 */
export type OnDemand = (sets: ResourceSets, scope: object, needed: readonly string[]) => ProxySets;

/** Makes an `OnDemand` for one sidecar at a time. */
export function createOnDemand(engine: Engine): () => OnDemand {
  const exact = engine.memo("virtual host of a name", hostFor);
  const firstHosts = engine.memo("first virtual hosts", (routes: ResourceSet) =>
    Table.from([...routes.keys()].map(firstHost).map((host) => [host.name, host] as const)),
  );
  const indexOf = engine.memo("domains of a scope", (_scope: object) => createHostIndex(engine));
  return () => {
    const makers = { exact, wildcard: engine.memo("virtual host of a wildcard", hostFor) };
    const fixed = engine.derive<[EnvoyResource], [], EnvoyResource>(
      "clusters that are always there",
      (name, [cluster]) => (name.startsWith(SERVICE_CLUSTER_PREFIX) ? undefined : cluster),
    );
    const neededOf = engine.latest("clusters needed", clustersNeeded);
    const clustersOf = engine.latest("clusters sent", withNamed);
    const hostsOf = engine.latest(
      "virtual hosts asked for",
      (names: AskedNames["virtualHosts"], routes: ResourceSet, index: HostIndex): Hosts =>
        hostsAskedFor(names, { routes, index, makers }),
    );
    const allHosts = engine.latest(
      "all virtual hosts",
      (names: AskedNames["virtualHosts"], hosts: ResourceSet, index: HostIndex) =>
        withAnswers(hosts, names, index),
    );
    const withFirst = engine.latest("virtual hosts sent", (routes: ResourceSet, hosts: Hosts) =>
      unionOf(firstHosts(routes), Table.from(hosts)),
    );
    const build: OnDemand = (sets, scope, needed) =>
      askedSets(sets, (names) => {
        const { clusters, listeners, splitRoutes, virtualHosts } = sets;
        const index = indexOf(scope)(virtualHosts);
        if (names.virtualHosts.size > MAX_ASKED_HOSTS) {
          return { clusters, virtualHosts: allHosts(names.virtualHosts, virtualHosts, index) };
        }
        const hosts = hostsOf(names.virtualHosts, splitRoutes, index);
        const others = neededOf(listeners, hosts, needed);
        return {
          virtualHosts: withFirst(splitRoutes, hosts),
          clusters: clustersOf(fixed([clusters]), clusters, others, names.clusters),
        };
      });
    return engine.latest("sets of a sidecar that asks", build);
  };
}

/** The indexer of a scope's virtual hosts, one table after another. */
function createHostIndex(engine: Engine): (hosts: ResourceSet) => HostIndex {
  const indexOf = createDomainIndex<EnvoyResource>(engine);
  const wildcards = engine.derive<[ResourceSet], [], ResourceSet>(
    "wildcard domains",
    (key, [hosts]) => (WILDCARD.test(key) ? hosts : undefined),
  );
  const build = engine.latestOf(
    "virtual hosts by domain",
    (byDomain: HostIndex["byDomain"]): HostIndex => ({
      byDomain,
      hasWildcards: wildcards([byDomain]).size > 0,
    }),
  );
  return (hosts) => build(indexOf(hosts).all);
}

/** The key of a domain that is a wildcard and not `*`. */
const WILDCARD = /\/(\*[^/]+|[^/]+\*)$/;

/** The clusters without which these listeners and virtual hosts would not work, and those. */
function clustersNeeded(
  listeners: ResourceSet,
  hosts: Hosts,
  others: readonly string[],
): readonly string[] {
  const users = [...listeners.values(), ...hosts.values()];
  return [...others, ...users.flatMap(({ clusters = [] }) => clusters)];
}

/** Those that are always there, and of all others those with these names. */
function withNamed(
  fixed: ResourceSet,
  all: ResourceSet,
  needed: readonly string[],
  asked: AskedNames["clusters"],
): ResourceSet {
  const clusters = [...new Set([...needed, ...asked])].flatMap((name) =>
    fixed.has(name) ? [] : (all.get(name) ?? []),
  );
  return fixed.extended(resourceSet(clusters));
}

/** Where virtual hosts are found. */
interface HostSource {
  /** The route configurations that there are. */
  readonly routes: ResourceSet;
  readonly index: HostIndex;
  readonly makers: HostMakers;
}

/** The virtual hosts that answer for these names. A name that no route configuration knows has none. */
function hostsAskedFor(names: Iterable<string>, source: HostSource): Hosts {
  const hosts = new Map<string, EnvoyResource>();
  for (const name of names) {
    const asked = parseAskedHost(name);
    if (asked === undefined || !source.routes.has(asked.routeName)) continue;
    for (const host of answersFor(asked, source)) hosts.set(host.name, host);
  }
  return hosts;
}

/** The virtual host of a name; beside it, when the client asked by another name, one that has just that name. */
function answersFor(asked: AskedHost, { index, makers }: HostSource): readonly EnvoyResource[] {
  const found = asked.isWildcard ? undefined : findHost(asked, index);
  if (found === undefined) return [idleHost(asked.name)];
  const make = found.domain === asked.host ? makers.exact : makers.wildcard;
  const host = make(found.host, asked.routeName, asked.host);
  return host.name === asked.name ? [host] : [host, answerBeside(host, asked.name)];
}

/** Answers for a name of which another virtual host takes the requests. It comes no sooner: they go on with it. */
function answerBeside({ clusters = [] }: EnvoyResource, name: string): EnvoyResource {
  return { ...idleHost(name), clusters };
}

/** All virtual hosts, and answers for the names by which some were asked for. */
function withAnswers(
  hosts: ResourceSet,
  names: AskedNames["virtualHosts"],
  index: HostIndex,
): ResourceSet {
  const answers = [...names]
    .slice(0, MAX_ANSWERS)
    .filter((name) => !hosts.has(name))
    .flatMap((name): readonly EnvoyResource[] => {
      const asked = parseAskedHost(name);
      const found = asked && findHost(asked, index);
      return found === undefined ? [] : [answerBeside(found.host, name)];
    });
  return overlay(
    hosts,
    answers.map((answer) => [answer.name, answer] as const),
  );
}

/** The virtual host that takes the requests for a host, and its domain that does. One that Envoy would refuse takes none. */
function findHost(
  { routeName, host }: AskedHost,
  { byDomain, hasWildcards }: HostIndex,
): { readonly host: EnvoyResource; readonly domain: string } | undefined {
  for (const domain of hasWildcards ? domainsFor(host) : [host, "*"]) {
    for (const [, found] of byDomain.get(domainKey(routeName, domain)) ?? []) {
      if (found.refusal === undefined) return { host: found, domain };
    }
  }
  return undefined;
}
