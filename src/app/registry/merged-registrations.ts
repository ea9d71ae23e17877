/**
 * What several control planes know of the workloads that registered themselves, as one. It depends on what they know alone, never
 * on the order in which that was told, so that all of them come to the same; and a change costs what it changes.
 */
import { isDeepStrictEqual } from "node:util";
import { Table } from "../../base/table/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Health } from "../../mesh/workload/health-probe.js";
import { type Registration, shownHealth, type ToldHealth } from "./registration.js";

/** See the top of this file. */
export interface MergedRegistrations {
  /** The same object until something in it changes. */
  readonly proxies: () => Table<Proxy>;
  readonly health: () => Table<Health>;
  /** What is known of one by each control plane that knows anything. */
  readonly known: (key: string) => readonly Registration[];
  /** What a control plane, by its number, knows now; the result are the keys at which that is something else. */
  readonly set: (source: number, registrations: Table<Registration>) => readonly string[];
}

/** From nobody's knowing anything. */
export function createMergedRegistrations(): MergedRegistrations {
  const sources: Table<Registration>[] = [];
  let proxies = Table.empty<Proxy>();
  let health = Table.empty<Health>();
  const known = (key: string): readonly Registration[] =>
    sources.flatMap((table) => table.get(key) ?? []);
  const settle = (key: string): void => {
    const all = known(key);
    const proxy = presentIn(all)?.proxy;
    const told = proxy === undefined ? undefined : latestHealth(all);
    proxies = withValue(proxies, key, proxy);
    health = withValue(health, key, told && shownHealth(told));
  };
  return {
    proxies: () => proxies,
    health: () => health,
    known,
    set: (source, registrations) => {
      const before = sources[source] ?? Table.empty();
      while (sources.length < source) sources.push(Table.empty());
      sources[source] = registrations;
      const keys = registrations.changesFrom(before).map(({ key }) => key);
      for (const key of keys) settle(key);
      return keys;
    },
  };
}

/** The table with this at a key; the same object, and the same value in it, when it has an equal one. */
function withValue<V>(table: Table<V>, key: string, value: V | undefined): Table<V> {
  if (value === undefined) return table.without(key);
  return isDeepStrictEqual(table.get(key), value) ? table : table.with(key, value);
}

/** The one that says how the workload is; undefined when it is not there. Where its proxy is connected, it is known best. */
function presentIn(all: readonly Registration[]): Registration | undefined {
  const present = all.filter(({ presence }) => presence !== "reported");
  return present.reduce<Registration | undefined>(
    (best, one) => (best === undefined || isBetter(one, best) ? one : best),
    undefined,
  );
}

function isBetter(a: Registration, b: Registration): boolean {
  const [isHere, isThere] = [a.presence === "connected", b.presence === "connected"];
  if (isHere !== isThere) return isHere;
  if (a.since !== b.since) return a.since > b.since;
  return JSON.stringify(a.proxy) < JSON.stringify(b.proxy);
}

/** What was said last. */
export function latestHealth(all: readonly Registration[]): ToldHealth | undefined {
  return all.reduce<ToldHealth | undefined>(
    (latest, { health }) => (isLater(health, latest) ? health : latest),
    undefined,
  );
}

/** Whether something was said of a health after something else; at the same time, the worse counts. */
export function isLater(a: ToldHealth | undefined, b: ToldHealth | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.at === b.at ? rank(a) > rank(b) : a.at > b.at;
}

/** Texts of which the greater is that of the worse health. */
const rank = ({ healthy, reason }: Health): string => `${healthy ? 0 : 1}${reason}`;
