/**
 * Which parts of resources made what a proxy holds, as a control plane tells it. A proxy may hold what was made of other
 * files: a part of a resource counts as the one that is told of when it stands in the same place under the same name. What
 * nothing is told of names its source in its metadata, or has none.
 */
import { formatPath } from "../../config/format-path.js";
import { formatRef } from "../../config/resource.js";
import type { ClusterJson, ListenerJson, MetadataJson, VirtualHostJson } from "../../envoy/api.js";
import type { Sourced } from "../explain/list-sources.js";
import type { Source } from "../explain/provenance.js";
import { chainName, chainsOf } from "./filter-chain.js";
import { describeMatch } from "./route-match.js";
import { delegatePart, sourcePart } from "./source-resource.js";

/** What made a part of a resource. */
export type SourcesOf<Parts extends readonly unknown[]> = (...parts: Parts) => readonly Source[];

const byName = (made: readonly Sourced[]): ReadonlyMap<string, Sourced> =>
  new Map(made.map((one) => [one.name, one]));

function sourcesIn(metadata: MetadataJson | undefined): readonly Source[] {
  return [delegatePart(metadata), sourcePart(metadata)]
    .filter((part) => part !== undefined)
    .map(({ ref, path }) => ({
      what: path.length === 0 ? formatRef(ref) : `${formatRef(ref)} ${formatPath(path)}`,
    }));
}

/** What made clusters. */
export function clusterSources(made: readonly Sourced[]): SourcesOf<[cluster: ClusterJson]> {
  const clusters = byName(made);
  return ({ name = "", metadata }) => clusters.get(name)?.sources ?? sourcesIn(metadata);
}

/** What made the hosts of clusters: of one that no resource tells of, nothing. */
export function hostSources(made: readonly Sourced[]): SourcesOf<[cluster: string, host: string]> {
  const clusters = byName(made);
  return (cluster, host) => {
    const { sources = [], parts = [] } = clusters.get(cluster) ?? {};
    return parts.length === 0 ? sources : (parts.find(({ name }) => name === host)?.sources ?? []);
  };
}

/** What made the filter chains of listeners, by where they are in them. */
export function chainSources(
  made: readonly Sourced[],
): SourcesOf<[listener: ListenerJson, index: number]> {
  const listeners = byName(made);
  return (listener, index) => {
    const part = listeners.get(listener.name ?? "")?.parts[index];
    return part?.name === chainName(chainsOf(listener)[index] ?? {}) ? part.sources : [];
  };
}

/**
 * What made the routes of virtual hosts, by the name of the table, that of the virtual host in it, and where they are in that;
 * of a virtual host without routes, what made it.
 */
export function routeSources(
  made: readonly Sourced[],
): SourcesOf<[table: string, name: string, host: VirtualHostJson, index: number]> {
  // Tables that stand in several filter chains have one name.
  const hosts = new Map(
    made.flatMap((table) =>
      table.parts.map((host) => [`${table.name}/${host.name}`, host] as const),
    ),
  );
  return (table, name, { routes = [] }, index) => {
    const known = hosts.get(`${table}/${name}`);
    const route = routes[index];
    if (route === undefined) return known?.sources ?? [];
    const part = known?.parts[index];
    return part?.name === describeMatch(route.match) ? part.sources : sourcesIn(route.metadata);
  };
}
