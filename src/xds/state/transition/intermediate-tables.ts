/**
 * The tables of an intermediate view: what a client should hold between what it holds and what it should hold in the end, where
 * one step would make calls fail. Why that is needed: see transition.ts.
 */

import type { Table } from "../../../base/table/table.js";
import type { EncodedResource, ResourceTable } from "../../resource.js";
import type { HeldTables, Transition } from "../stream-state.js";
import { type Held, isResource, isSameVersion } from "../subscription/held.js";

/** The second of two versions of a cluster, changed so that it accepts the peers of the first as well. */
export type AcceptBoth = (before: EncodedResource, after: EncodedResource) => EncodedResource;

/** The clusters and endpoints of a view. */
interface Tables {
  readonly clusters: ResourceTable;
  readonly endpoints: ResourceTable;
}

/** See the top of this file. */
export interface IntermediateTables extends Tables {
  /** The clusters that accept the peers of both views. */
  readonly acceptingBoth: readonly EncodedResource[];
}

interface AmidEntry {
  readonly from: HeldTables;
  readonly held: HeldTables;
  readonly used: HeldTables;
}

/** Finds intermediate tables, and remembers them for other streams. */
export interface Intermediates {
  /** Those from what a client holds to what it should hold; undefined when one step will do. */
  readonly between: (from: HeldTables, to: Tables) => IntermediateTables | undefined;
  /**
   * What a client may use amid a transition, given what it holds. It may still use the clusters from before of those that are to accept
   * both, and has their endpoints from before; of others it has been sent both already.
   */
  readonly amid: (transition: Transition, held: HeldTables) => HeldTables;
  /** Forgets all of them; done when a burst is over, since they hold on to old tables. */
  readonly forget: () => void;
}

/** How many are remembered for one table of clusters. */
const ENTRIES = 8;

interface Entry {
  readonly from: HeldTables;
  readonly to: Tables;
  readonly found: IntermediateTables | undefined;
}

/** A finder that knows nothing yet. Without `acceptBoth` there are no intermediate tables. */
export function createIntermediates(acceptBoth: AcceptBoth | undefined): Intermediates {
  let known = new WeakMap<ResourceTable, readonly Entry[]>();
  let knownAmid = new WeakMap<Transition["acceptingBoth"], readonly AmidEntry[]>();

  const remembered = (
    from: HeldTables,
    to: Tables,
    accept: AcceptBoth,
  ): IntermediateTables | undefined => {
    const entries = known.get(to.clusters) ?? [];
    const same = entries.find((one) => sameTables(one.from, from) && sameTables(one.to, to));
    if (same !== undefined) return same.found;
    const entry = { from, to, found: tablesBetween(from, to, accept) };
    known.set(to.clusters, [entry, ...entries.slice(0, ENTRIES - 1)]);
    return entry.found;
  };

  const between = (
    from: HeldTables,
    to: Tables,
    accept: AcceptBoth,
  ): IntermediateTables | undefined => {
    const [before, after] = [from.clusters.layers, to.clusters.layers];
    if (before === undefined || after === undefined) return remembered(from, to, accept);
    // Many streams share the base layer. The clusters on top have their endpoints in them, so nothing can go wrong there.
    const found = between(
      { clusters: before.base, endpoints: from.endpoints },
      { clusters: after.base, endpoints: to.endpoints },
      accept,
    );
    return found && { ...found, clusters: found.clusters.extended(after.top) };
  };

  return {
    between: (from, to) => {
      const isAlike = from.clusters === to.clusters || from.endpoints === to.endpoints;
      return isAlike || acceptBoth === undefined ? undefined : between(from, to, acceptBoth);
    },
    amid: ({ from, acceptingBoth }, held) => {
      const entries = knownAmid.get(acceptingBoth) ?? [];
      const same = entries.find((one) => sameTables(one.from, from) && sameTables(one.held, held));
      if (same !== undefined) return same.used;
      const entry = { from, held, used: tablesAmid(from, held, acceptingBoth) };
      knownAmid.set(acceptingBoth, [entry, ...entries.slice(0, ENTRIES - 1)]);
      return entry.used;
    },
    forget: () => {
      known = new WeakMap();
      knownAmid = new WeakMap();
    },
  };
}

const sameTables = (a: HeldTables, b: HeldTables): boolean =>
  a.clusters === b.clusters && a.endpoints === b.endpoints;

function tablesBetween(
  from: HeldTables,
  to: Tables,
  accept: AcceptBoth,
): IntermediateTables | undefined {
  let { clusters, endpoints } = to;
  const acceptingBoth: EncodedResource[] = [];
  const last: Table<Held> = to.clusters;
  for (const { before, after } of last.changesFrom(from.clusters)) {
    if (!isResource(before) || !isResource(after) || acceptsAll(before, after)) continue;
    const name = after.endpoints ?? "";
    const former = from.endpoints.get(name);
    const next = to.endpoints.get(name);
    if (!isResource(former) || next === undefined || isSameVersion(former, next)) continue;
    const both = acceptsAll(after, before) ? after : accept(before, after);
    if (both.refusal !== undefined) continue;
    acceptingBoth.push(both);
    clusters = clusters.with(both.name, both);
    endpoints = endpoints.with(name, former);
  }
  return acceptingBoth.length === 0 ? undefined : { clusters, endpoints, acceptingBoth };
}

/** What is held, with the clusters and endpoints of before for those that are to accept both. */
function tablesAmid(
  from: HeldTables,
  held: HeldTables,
  acceptingBoth: Transition["acceptingBoth"],
): HeldTables {
  const { base = held.clusters, top } = held.clusters.layers ?? {};
  const endpoints = acceptingBoth.map(({ endpoints: name = "" }) => name);
  // On top there is none that accepts both.
  const clusters = withFormer(
    base,
    from.clusters,
    acceptingBoth.map(({ name }) => name),
  );
  return {
    clusters: top === undefined ? clusters : clusters.extended(top),
    endpoints: withFormer(held.endpoints, from.endpoints, endpoints),
  };
}

function withFormer(
  table: Table<Held>,
  former: Table<Held>,
  names: readonly string[],
): Table<Held> {
  return names.reduce((result, name) => {
    const before = former.get(name);
    return before === undefined || before === result.get(name) ? result : result.with(name, before);
  }, table);
}

/** Whether a cluster accepts all peers that another one names. One that names none accepts any. */
function acceptsAll(
  { peers: own = [] }: EncodedResource,
  { peers = [] }: EncodedResource,
): boolean {
  return own === peers || own.length === 0 || peers.every((peer) => own.includes(peer));
}
