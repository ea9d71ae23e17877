/**
 * By which of their labels callers of one namespace are told apart. Most are told apart by none, and share all of what is sent
 * to their proxies.
 */
import { isDeepStrictEqual } from "node:util";
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { groupBy } from "../../base/group-by.js";
import { memberOf } from "../../base/member-of.js";
import type { Table } from "../../base/table/table.js";
import type { PolicySelector } from "../../config/kinds/value/selectors.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { Labels } from "../labels.js";
import { matchesOf } from "./route-matches.js";

/**
 * The keys of the labels that a caller's outbound configuration depends on. Callers of a namespace with the same values for them
 * share all of it, so these are only the keys that some resource asks for.
 */
export interface CallerLabels {
  /** Keys asked for whatever the caller's namespace, sorted. */
  readonly everywhere: readonly string[];
  /** Keys asked for in one namespace alone, sorted. */
  readonly byNamespace: ReadonlyMap<string, readonly string[]>;
}

/** Keys of labels that a resource asks for. */
interface AskedLabels {
  /** That of the callers that it is for; undefined if it is for all. */
  readonly namespace: string | undefined;
  readonly keys: readonly string[];
}

const sameAsked = (a: AskedLabels, b: AskedLabels): boolean =>
  a.namespace === b.namespace && sameElements(a.keys, b.keys);

/** The kinds of resources that ask for labels. */
type Asking = "VirtualService" | "Telemetry" | "DestinationRule";
type AskingTables = { readonly [K in Asking]: Table<ResourceOf<K>> };

/** Finds the keys that VirtualServices match callers by, and Telemetry resources and DestinationRules select them by. */
export function createCallerLabels(
  engine: Engine,
): (tables: AskingTables, rootNamespace: string) => CallerLabels {
  const ofRoutes = engine.derive<[ResourceOf<"VirtualService">], [], AskedLabels>(
    "labels that a VirtualService asks for",
    (_key, [one]) => one && asked(undefined, sourceLabelKeys(one)),
    sameAsked,
  );
  const ofTelemetries = engine.derive<[ResourceOf<"Telemetry">], [string], AskedLabels>(
    "labels that a Telemetry asks for",
    (_key, [one], root) => one && ofSelector(one.metadata.namespace, one.spec.selector, root),
    sameAsked,
  );
  const ofRules = engine.derive<[ResourceOf<"DestinationRule">], [], AskedLabels>(
    "labels that a DestinationRule asks for",
    (_key, [one]) => one && ofSelector(one.metadata.namespace, one.spec.workloadSelector),
    sameAsked,
  );
  const together = engine.latest(
    "caller labels",
    (...all: readonly Table<AskedLabels>[]): CallerLabels =>
      callerLabels(all.flatMap((table) => [...table.values()])),
  );
  const settle = engine.settle<CallerLabels>(isDeepStrictEqual);
  return (tables, rootNamespace) =>
    settle(
      together(
        ofRoutes([tables.VirtualService]),
        ofTelemetries([tables.Telemetry], rootNamespace),
        ofRules([tables.DestinationRule]),
      ),
    );
}

function asked(namespace: string | undefined, keys: readonly string[]): AskedLabels | undefined {
  return keys.length === 0 ? undefined : { namespace, keys };
}

/** What is in the root namespace is for all callers, where a kind has one. */
function ofSelector(
  namespace: string,
  selector: PolicySelector | undefined,
  rootNamespace?: string,
): AskedLabels | undefined {
  const keys = Object.keys(selector?.matchLabels ?? {});
  return asked(namespace === rootNamespace ? undefined : namespace, keys);
}

const sourceLabelKeys = ({ spec }: ResourceOf<"VirtualService">): readonly string[] =>
  matchesOf(spec).flatMap(({ sourceLabels = {} }) => Object.keys(sourceLabels));

function callerLabels(all: readonly AskedLabels[]): CallerLabels {
  const byNamespace = [...groupBy(all, ({ namespace }) => namespace)].map(
    ([namespace, some]) => [namespace, inOrder(some.flatMap(({ keys }) => keys))] as const,
  );
  const ofOne = byNamespace.flatMap(([namespace, keys]) =>
    namespace === undefined ? [] : [[namespace, keys] as const],
  );
  return {
    everywhere: byNamespace.find(([namespace]) => namespace === undefined)?.[1] ?? [],
    byNamespace: new Map(ofOne),
  };
}

const inOrder = (keys: readonly string[]): readonly string[] => [...new Set(keys)].sort();

/** The labels of a caller that count, sorted by key. */
export function relevantLabels(
  labels: Labels,
  namespace: string,
  { everywhere, byNamespace }: CallerLabels,
): Labels {
  const keys = new Set([...everywhere, ...(byNamespace.get(namespace) ?? [])]);
  return Object.fromEntries(
    [...keys].sort().flatMap((key) => {
      const value = memberOf(labels, key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
