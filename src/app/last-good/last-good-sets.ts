/**
 * What proxies are sent in the place of clusters and listeners that Envoy would refuse: those of what the configuration was before,
 * as far as that is known. Who has one already goes on with the same; who is new has something to begin with. Of extensions it stands
 * in where a proxy refuses the one in force, and is known again when a proxy comes back that has it.
 */
import type { Engine } from "../../base/engine/engine.js";
import { overlay, Table } from "../../base/table/table.js";
import { formatRef } from "../../config/resource.js";
import type { ConnectedProxy } from "../../envoy/proxy/connected-proxy.js";
import type {
  AskedSets,
  EnvoyResource,
  ProxySets,
  ResourceSet,
} from "../../envoy/resource/resource-set.js";
import { alikeOf } from "../sessions/first-sight.js";
import type { LastGood } from "./last-good.js";

/** With what they are found. */
export interface LastGoodSetsOptions {
  readonly engine: Pick<Engine, "branch">;
  readonly kept: () => readonly LastGood[];
  /** What a proxy would hold if all that is kept were in force; asked in a branch of the engine. */
  readonly goodSetsOf: (connected: ConnectedProxy, kept: readonly LastGood[]) => ProxySets;
}

/** Virtual hosts have theirs from those who make them: see createLastGood. */
type StoodInType = "clusters" | "listeners" | "extensions";

/** What was found for resources that are not good, or were not. */
type Found = WeakMap<EnvoyResource, { readonly good: EnvoyResource | undefined }>;

/** Puts what stands in into a set; the same set when there is nothing. */
type Replacing = (type: StoodInType, set: ResourceSet) => ResourceSet;

/**
 * Finds them: the sets of a proxy with what stands in for what is refused, the same object for the same sets as long as the same is
 * kept. For what proxies share it is looked once, until it is made anew. What they would be if what is kept were in force is given where
 * it was made just now.
 */
export function createLastGoodSets({
  engine,
  kept,
  goodSetsOf,
}: LastGoodSetsOptions): (
  connected: ConnectedProxy,
  sets: ProxySets,
  good: ProxySets | undefined,
) => ProxySets {
  let last = findings([]);
  return (connected, sets, known) => {
    const now = kept();
    if (now.length === 0) return sets;
    if (last.kept !== now) last = findings(now);
    const made = last.sets.get(sets);
    if (made !== undefined) return made;
    const { replaceable, foundFor } = last;
    const found = foundFor(connected);
    const standInOf = (type: StoodInType, resource: EnvoyResource): EnvoyResource | undefined => {
      const before = found.get(resource);
      if (before !== undefined) return before.good;
      const look = () => (known ?? goodSetsOf(connected, now))[type].get(resource.name);
      // Only supposed, so that those who share what it is made of find it as it is.
      const made = known === undefined ? engine.branch()(look) : look();
      const good = type === "extensions" ? withStandIn(made, resource) : standing(made, resource);
      found.set(resource, { good });
      return good;
    };
    const result = new StoodInSets(sets, (type, set) =>
      overlay(
        set,
        replaceable[type](set).flatMap((resource) => {
          const good = standInOf(type, resource);
          return good === undefined ? [] : [[resource.name, good] as const];
        }),
      ),
    );
    last.sets.set(sets, result);
    return result;
  };
}

/** What was found while the same was kept. */
function findings(kept: readonly LastGood[]) {
  const shared = new Map<string, Found>();
  const own = new WeakMap<ConnectedProxy, Found>();
  return {
    kept,
    sets: new WeakMap<ProxySets, ProxySets>(),
    replaceable: {
      clusters: createRefusedFinder(),
      listeners: createRefusedFinder(),
      extensions: (set: ResourceSet) => [...set.values()].filter((one) => isOf(one, kept)),
    },
    foundFor: (connected: ConnectedProxy): Found => {
      const alike = alikeOf(connected.proxy);
      const known = alike === undefined ? own.get(connected) : shared.get(alike);
      if (known !== undefined) return known;
      const found: Found = new WeakMap();
      if (alike === undefined) own.set(connected, found);
      else shared.set(alike, found);
      return found;
    },
  };
}

/** Finds what Envoy would refuse, or is not whole, in one set after another. Costs what they do not share. */
function createRefusedFinder(): (set: ResourceSet) => readonly EnvoyResource[] {
  const none: ResourceSet = Table.empty();
  let last = { set: none, refused: none };
  return (set) => {
    let { refused } = last;
    for (const { key, after } of set.changesFrom(last.set)) {
      const isWhole = after === undefined || refusalIn(after) === undefined;
      refused = isWhole ? refused.without(key) : refused.with(key, after);
    }
    last = { set, refused };
    return [...refused.values()];
  };
}

/** Whether something that is kept had a part in a resource. */
const isOf = ({ sources = [] }: EnvoyResource, kept: readonly LastGood[]): boolean =>
  sources.some((source) => kept.some(({ ref }) => formatRef(ref) === formatRef(source)));

/** Why a resource is not what it should be. */
const refusalIn = ({ refusal, standsFor }: EnvoyResource): EnvoyResource["refusal"] =>
  refusal ?? standsFor;

/** A good resource as it is where another is refused. */
function standing(
  good: EnvoyResource | undefined,
  resource: EnvoyResource,
): EnvoyResource | undefined {
  const { sources } = resource;
  const refusal = refusalIn(resource);
  if (good === undefined || refusalIn(good) !== undefined || refusal === undefined)
    return undefined;
  return { ...good, ...(sources && { sources }), standsFor: refusal };
}

/** A resource with the good one that a proxy is sent which refuses it. */
const withStandIn = (
  good: EnvoyResource | undefined,
  resource: EnvoyResource,
): EnvoyResource | undefined => {
  if (good === undefined || good.refusal !== undefined || good.version === resource.version) {
    return undefined;
  }
  return { ...resource, standIn: good };
};

/** The other sets are made when they are asked for, as before. */
class StoodInSets implements ProxySets {
  readonly hasStandIns = true;
  readonly asked: ProxySets["asked"];
  readonly #sets: ProxySets;
  readonly #replaced: Replacing;
  readonly #made = new Map<ResourceSet, ResourceSet>();

  constructor(sets: ProxySets, replaced: Replacing) {
    const { asked } = sets;
    this.#sets = sets;
    this.#replaced = replaced;
    this.asked =
      asked &&
      ((names): AskedSets => {
        const { clusters, virtualHosts } = asked(names);
        return { clusters: this.#in("clusters", clusters), virtualHosts };
      });
  }

  get clusters(): ResourceSet {
    return this.#in("clusters", this.#sets.clusters);
  }

  get listeners(): ResourceSet {
    return this.#in("listeners", this.#sets.listeners);
  }

  get endpoints(): ResourceSet {
    return this.#sets.endpoints;
  }

  get secrets(): ResourceSet {
    return this.#sets.secrets;
  }

  get extensions(): ResourceSet {
    return this.#in("extensions", this.#sets.extensions);
  }

  get names(): ResourceSet {
    return this.#sets.names;
  }

  get routes(): ResourceSet {
    return this.#sets.routes;
  }

  get splitRoutes(): ResourceSet {
    return this.#sets.splitRoutes;
  }

  get virtualHosts(): ResourceSet {
    return this.#sets.virtualHosts;
  }

  #in(type: StoodInType, set: ResourceSet): ResourceSet {
    const made = this.#made.get(set) ?? this.#replaced(type, set);
    this.#made.set(set, made);
    return made;
  }
}
