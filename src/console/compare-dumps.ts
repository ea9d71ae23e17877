/** The difference between what a proxy was sent and what its Envoy holds: two config dumps, resource by resource. */
import { type ConfigDump, sectionOf } from "./config-dump.js";
import { jsonDifferences, shownValue } from "./json-differences.js";

/** One resource that is not the same on both sides. */
export interface ResourceDifference {
  readonly name: string;
  /** What is different, for people; one entry for each place in the resource. */
  readonly places: readonly string[];
}

/** One type of resource. */
export interface Comparison {
  /** As istioctl calls it. */
  readonly type: "Clusters" | "Listeners" | "Routes";
  /** Sorted by name; empty when all are the same. */
  readonly differences: readonly ResourceDifference[];
}

/** How many places of one resource are named. */
const MAX_PLACES = 5;

type Resources = ReadonlyMap<string, unknown>;

function byName(resources: readonly (object | undefined)[]): Resources {
  return new Map(
    resources.flatMap((resource) => {
      const name = (resource as { readonly name?: unknown } | undefined)?.name;
      return typeof name === "string" ? [[name, resource] as const] : [];
    }),
  );
}

/** Those that came over xDS: the others are nothing that a control plane sends. */
const READERS: Readonly<Record<Comparison["type"], (dump: ConfigDump) => Resources>> = {
  Clusters: (dump) => {
    const { dynamicActiveClusters = [] } = sectionOf(dump, "ClustersConfigDump");
    return byName(dynamicActiveClusters.map(({ cluster }) => cluster));
  },
  Listeners: (dump) => {
    const { dynamicListeners = [] } = sectionOf(dump, "ListenersConfigDump");
    return byName(dynamicListeners.map(({ activeState }) => activeState?.listener));
  },
  Routes: (dump) => {
    const { dynamicRouteConfigs = [] } = sectionOf(dump, "RoutesConfigDump");
    return byName(dynamicRouteConfigs.map(({ routeConfig }) => routeConfig));
  },
};

function placesOf(sent: unknown, held: unknown): readonly string[] {
  if (held === undefined) return ["sent, but not held"];
  if (sent === undefined) return ["held, but not sent"];
  const places = jsonDifferences(sent, held).map(
    ({ path, before, after }) => `${path}: sent ${shownValue(before)}, held ${shownValue(after)}`,
  );
  const more = places.length - MAX_PLACES;
  return more > 0 ? [...places.slice(0, MAX_PLACES), `and ${more} more`] : places;
}

/**
 * Compares clusters, listeners and routes.
 * @throws DumpError when a dump lacks one of these sections
 */
export function compareDumps(sent: ConfigDump, held: ConfigDump): readonly Comparison[] {
  const types = Object.keys(READERS) as Comparison["type"][];
  return types.map((type) => {
    const read = READERS[type];
    const [ours, theirs] = [read(sent), read(held)];
    const names = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
    const differences = names
      .map((name) => ({ name, places: placesOf(ours.get(name), theirs.get(name)) }))
      .filter(({ places }) => places.length > 0);
    return { type, differences };
  });
}
