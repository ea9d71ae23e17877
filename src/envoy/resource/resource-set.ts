/** Envoy resources, encoded and named: what the xDS server sends. */
import type { Lazy } from "../../base/lazy.js";
import { Table } from "../../base/table/table.js";
import type { Path } from "../../config/kind.js";
import type { ResourceRef } from "../../config/resource.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import type { EncodedResource } from "../../xds/resource.js";
import type { Violation } from "../check/violation.js";
import type { PatchTrace } from "../patch/patch-trace.js";

/** Something that Envoy would refuse, so that it is not sent. */
export interface Refusal {
  /** What it is and what is wrong with it, as people read it. */
  readonly reason: string;
  readonly violations: readonly Violation[];
  /** The configuration that made it. */
  readonly sources: readonly ResourceRef[];
  /** Where in the first of these it is written, as far as that is known. */
  readonly path?: Path;
  /** Envoy would not refuse it, but it is not known yet what it will be. */
  readonly isAwaited?: true;
  /** Nor would it refuse this: making it ended in an exception, a fault of ours. */
  readonly isFault?: true;
}

/** A resource as clients are sent it, and how it was made. */
export interface EnvoyResource extends EncodedResource {
  /**
   * The configuration that made it, what is most likely to blame for a fault first; absent from what is the same in every
   * mesh.
   */
  readonly sources?: readonly ResourceRef[];
  /** Where in the first of these, as far as that is known. */
  readonly sourcePath?: Path;
  /**
   * Of a listener: the parts of resources that made each of its filter chains, in their order, the default one last; of one
   * that EnvoyFilters changed those that it had before.
   */
  readonly chains?: readonly (readonly Decision[])[];
  /** Of one that EnvoyFilters changed or made. */
  readonly patched?: PatchTrace;
  /** Of a virtual host: the names of the filters that it speaks of; absent when there are none. See per-route-filters. */
  readonly filters?: readonly string[];
  readonly standIn?: EnvoyResource;
  readonly refusal?: Refusal;
  /** Of a listener also what is not in it, because of a fault of ours: see sharedListener. */
  readonly standsFor?: Refusal;
  /** The parts that were left out because Envoy would refuse them. */
  readonly leftOut?: readonly Refusal[];
}

/** Resources of one type by name. */
export type ResourceSet = Table<EnvoyResource>;

/** Route configurations in the two ways in which proxies are given them. */
export interface RouteSets {
  /** Each with all its virtual hosts in it. Joined when it is read, since few proxies are sent it. */
  readonly routes: ResourceSet;
  /** Each without them. */
  readonly splitRoutes: ResourceSet;
  /** The virtual hosts of the split ones. */
  readonly virtualHosts: ResourceSet;
}

/** All that a proxy, or a group of proxies, is sent, by type. */
export interface ResourceSets extends RouteSets {
  readonly clusters: ResourceSet;
  readonly endpoints: ResourceSet;
  readonly listeners: ResourceSet;
  readonly secrets: ResourceSet;
  /** What configures filters of extensions, which ask for it by their names. */
  readonly extensions: ResourceSet;
  /** The table of names for an agent that answers DNS: one, without a name of its own. */
  readonly names: ResourceSet;
}

/** The sets that may depend on what a proxy asks for. */
export type AskedSets = Pick<ResourceSets, "clusters" | "virtualHosts">;

/** All that one proxy may be sent. */
export interface ProxySets extends ResourceSets {
  /** What it is sent in place of all clusters and virtual hosts, if it asks for what it uses. */
  readonly asked?: ((names: AskedNames) => AskedSets) | undefined;
  /** Whether there may be clusters and listeners that are in the place of others. */
  readonly hasStandIns?: true;
}

/** Names without an order, each once. */
type Names = Iterable<string> & { readonly size: number };

/** The names of what a proxy asked for. */
export interface AskedNames {
  readonly clusters: Names;
  readonly virtualHosts: Names;
}

/** What all sets of a proxy are made of. Those for which it asks last are made when they are read. */
export interface SetParts extends Pick<ResourceSets, "clusters" | "secrets" | "extensions"> {
  readonly endpoints: Asked<ResourceSet>;
  readonly listeners: Asked<ResourceSet>;
  readonly routes: Asked<RouteSets>;
  readonly names: Asked<ResourceSet>;
}

/** What is made when it is asked for. */
type Asked<T> = Pick<Lazy<T>, "get">;

/** What is the same for many proxies, and changes with most edits. */
type SharedSetParts = Pick<SetParts, "endpoints" | "routes">;

type OtherSetParts = Omit<SetParts, keyof SharedSetParts>;

/** There are new ones for each proxy after each edit, so it is of two parts, of which most edits leave one. */
class LazySets implements ProxySets {
  readonly asked: ProxySets["asked"];
  readonly #made: OtherSetParts;
  readonly #shared: SharedSetParts;

  constructor(made: OtherSetParts, shared: SharedSetParts, asked: ProxySets["asked"]) {
    this.#made = made;
    this.#shared = shared;
    this.asked = asked;
  }

  get clusters(): ResourceSet {
    return this.#made.clusters;
  }

  get endpoints(): ResourceSet {
    return this.#shared.endpoints.get();
  }

  get secrets(): ResourceSet {
    return this.#made.secrets;
  }

  get extensions(): ResourceSet {
    return this.#made.extensions;
  }

  get listeners(): ResourceSet {
    return this.#made.listeners.get();
  }

  get names(): ResourceSet {
    return this.#made.names.get();
  }

  get routes(): ResourceSet {
    return this.#shared.routes.get().routes;
  }

  get splitRoutes(): ResourceSet {
    return this.#shared.routes.get().splitRoutes;
  }

  get virtualHosts(): ResourceSet {
    return this.#shared.routes.get().virtualHosts;
  }
}

/** All sets of a proxy. */
export function proxySets(made: OtherSetParts, shared: SharedSetParts): ProxySets {
  return new LazySets(made, shared, undefined);
}

/**
 * All sets of a proxy, to compare them. Those that nobody has asked for yet are made. Joined route configurations are left out:
 * they say no more than split ones and their virtual hosts.
 */
export function madeSets(sets: ResourceSets): readonly ResourceSet[] {
  const { clusters, endpoints, listeners, splitRoutes, virtualHosts } = sets;
  const { secrets, extensions, names } = sets;
  return [clusters, endpoints, listeners, splitRoutes, virtualHosts, secrets, extensions, names];
}

/** The sets of a proxy that asks for what it uses. */
export function askedSets(sets: ProxySets, asked: NonNullable<ProxySets["asked"]>): ProxySets {
  const { clusters, secrets, extensions } = sets;
  const endpoints = { get: () => sets.endpoints };
  const listeners = { get: () => sets.listeners };
  const names = { get: () => sets.names };
  const routes = { get: () => sets };
  return new LazySets(
    { clusters, secrets, extensions, listeners, names },
    { endpoints, routes },
    asked,
  );
}

/** Whether two resources are the same: then the older object stays, and nothing that is built on it changes. */
export function sameResource(a: EnvoyResource, b: EnvoyResource): boolean {
  return (
    a.version === b.version &&
    a.name === b.name &&
    reasonsOf(a) === reasonsOf(b) &&
    sameSources(a, b) &&
    sameChains(a, b) &&
    patchesIn(a) === patchesIn(b)
  );
}

/** Whether two sets have the same resources. */
export function sameResources(a: ResourceSet, b: ResourceSet): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  return [...a].every(([name, resource]) => {
    const other = b.get(name);
    return other !== undefined && sameResource(resource, other);
  });
}

/** The same bytes may be made by another resource, as when one that had no effect is replaced. */
function sameSources(
  { sources: a = [] }: EnvoyResource,
  { sources: b = [] }: EnvoyResource,
): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => sameRef(one, b[i])));
}

const sameRef = (a: ResourceRef, b: ResourceRef | undefined): boolean =>
  a === b || (a.kind === b?.kind && a.namespace === b.namespace && a.name === b.name);

/** The same chains may be made by other parts, as when a port moves in its service. */
const sameChains = (
  { chains: a = [] }: EnvoyResource,
  { chains: b = [] }: EnvoyResource,
): boolean =>
  a === b ||
  (a.length === b.length &&
    a.every((parts, i) => {
      const others = b[i] ?? [];
      return parts.length === others.length && parts.every((part, j) => samePart(part, others[j]));
    }));

const samePart = (a: Decision, b: Decision | undefined): boolean =>
  a === b || (sameRef(a.ref, b?.ref) && a.path.join() === b?.path.join());

/** A patch may be elsewhere in its EnvoyFilter and do the same. */
const patchesIn = ({ patched }: EnvoyResource): string =>
  patched?.patches.map(({ index }) => index).join() ?? "";

/** The same bytes may stand for other configurations when something is left out of them. */
const reasonsOf = ({ leftOut, standsFor }: EnvoyResource): string => {
  if (leftOut === undefined && standsFor === undefined) return "";
  return [...(leftOut ?? []), ...(standsFor === undefined ? [] : [standsFor])]
    .map(({ reason }) => reason)
    .join("\n");
};

/** The set of these resources. */
export function resourceSet(resources: readonly EnvoyResource[]): ResourceSet {
  return Table.from(resources.map((resource) => [resource.name, resource] as const));
}

/**
 * The union of two sets; at a name that both have, the second one's stands. There is mostly none: then the second is a layer over
 * the first, which stays the object that many proxies share.
 */
export function unionOf(first: ResourceSet, second: ResourceSet): ResourceSet {
  const isNew = [...second.keys()].every((name) => !first.has(name));
  return isNew ? first.extended(second) : first.under(second);
}
