/** Ways between what a client holds and what it should hold, where one step would fail calls; see passage.ts. */
import type { Table } from "../../base/table.js";
import type { EncodedResource, ResourceTable } from "../resource.js";
import type { HeldTables } from "./stream-state.js";
import { type Held, isContent, isSameContent } from "./subscription.js";

/** A cluster as the second of two, which accepts the peers of the first as well. */
export type AcceptBoth = (before: EncodedResource, after: EncodedResource) => EncodedResource;

/** The tables of a view that clusters and their endpoints are in. */
interface Tables {
  readonly clusters: ResourceTable;
  readonly endpoints: ResourceTable;
}

/** What a client should hold on its way to others. */
export interface Way extends Tables {
  /** The clusters that are otherwise there than in those. */
  readonly through: readonly EncodedResource[];
}

/** Finds ways, and remembers them for other streams. */
export interface Ways {
  /** The way from what a client holds; undefined when one step will do. */
  readonly between: (from: HeldTables, to: Tables) => Way | undefined;
  /** Forgets all ways; done when a burst is over, since they hold on to old tables. */
  readonly forget: () => void;
}

/** So many ways to one table are remembered. */
const ENTRIES = 8;

interface Entry {
  readonly from: HeldTables;
  readonly to: Tables;
  readonly way: Way | undefined;
}

/** No ways are known; there are none at all if it is not said how clusters accept more peers. */
export function createWays(acceptBoth: AcceptBoth | undefined): Ways {
  let known = new WeakMap<ResourceTable, readonly Entry[]>();

  const remembered = (from: HeldTables, to: Tables, accept: AcceptBoth): Way | undefined => {
    const entries = known.get(to.clusters) ?? [];
    const same = entries.find((one) => sameTables(one.from, from) && sameTables(one.to, to));
    if (same !== undefined) return same.way;
    const entry = { from, to, way: wayBetween(from, to, accept) };
    known.set(to.clusters, [entry, ...entries.slice(0, ENTRIES - 1)]);
    return entry.way;
  };

  const between = (from: HeldTables, to: Tables, accept: AcceptBoth): Way | undefined => {
    const [before, after] = [from.clusters.layers, to.clusters.layers];
    if (before === undefined || after === undefined) return remembered(from, to, accept);
    // What many share is in the layer below; on top are clusters that have their endpoints in them.
    const way = between(
      { clusters: before.base, endpoints: from.endpoints },
      { clusters: after.base, endpoints: to.endpoints },
      accept,
    );
    return way && { ...way, clusters: way.clusters.extended(after.top) };
  };

  return {
    between: (from, to) => {
      const isAlike = from.clusters === to.clusters || from.endpoints === to.endpoints;
      return isAlike || acceptBoth === undefined ? undefined : between(from, to, acceptBoth);
    },
    forget: () => {
      known = new WeakMap();
    },
  };
}

const sameTables = (a: HeldTables, b: HeldTables): boolean =>
  a.clusters === b.clusters && a.endpoints === b.endpoints;

function wayBetween(from: HeldTables, to: Tables, accept: AcceptBoth): Way | undefined {
  let { clusters, endpoints } = to;
  const through: EncodedResource[] = [];
  const last: Table<Held> = to.clusters;
  for (const { before, after } of last.changesFrom(from.clusters)) {
    if (!isContent(before) || !isContent(after) || acceptsAll(before, after)) continue;
    const name = after.endpoints ?? "";
    const former = from.endpoints.get(name);
    const next = to.endpoints.get(name);
    if (!isContent(former) || next === undefined || isSameContent(former, next)) continue;
    const both = acceptsAll(after, before) ? after : accept(before, after);
    if (both.refusal !== undefined) continue;
    through.push(both);
    clusters = clusters.with(both.name, both);
    endpoints = endpoints.with(name, former);
  }
  return through.length === 0 ? undefined : { clusters, endpoints, through };
}

/** Whether a cluster accepts all peers that another does; one without peers accepts any, and has none to be accepted. */
function acceptsAll(
  { peers: own = [] }: EncodedResource,
  { peers = [] }: EncodedResource,
): boolean {
  return own === peers || own.length === 0 || peers.every((peer) => own.includes(peer));
}
