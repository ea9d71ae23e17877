/** `proxy-config clusters`. */
import type { ClusterJson } from "../../envoy/api.js";
import { compareClusterNames, parseClusterName } from "./cluster-name.js";
import type { SourcesOf } from "./known-sources.js";
import { MADE_COLUMNS, madeCells } from "./made-columns.js";
import { sourceResource } from "./source-resource.js";

/** Which clusters are meant; what is absent does not matter. */
export interface ClusterFilter {
  /** A part of the host, or of the name of a cluster without one. */
  readonly fqdn?: string;
  readonly port?: number;
  /** A part of the subset's name. */
  readonly subset?: string;
  readonly direction?: string;
}

/** The clusters that are meant, in the order of the table. */
export function selectClusters(
  clusters: readonly ClusterJson[],
  filter: ClusterFilter,
): readonly ClusterJson[] {
  return clusters
    .filter(({ name = "" }) => isMeant(name, filter))
    .sort((a, b) => compareClusterNames(a.name ?? "", b.name ?? ""));
}

function isMeant(clusterName: string, { fqdn, port, subset, direction }: ClusterFilter): boolean {
  const name = parseClusterName(clusterName);
  return (
    name.fqdn.includes(fqdn ?? "") &&
    name.subset.includes(subset ?? "") &&
    (port === undefined || name.port === port) &&
    (direction === undefined || name.direction === direction)
  );
}

/** The table of clusters, as rows of cells; the first is the heading. Columns are istioctl's. */
export function clusterTable(clusters: readonly ClusterJson[]): readonly (readonly string[])[] {
  const rows = clusters.map((cluster) => {
    const { fqdn, port, subset, direction } = parseClusterName(cluster.name ?? "");
    return [
      fqdn,
      direction === "" ? "-" : String(port),
      subset === "" ? "-" : subset,
      direction === "" ? "-" : direction,
      typeOf(cluster),
      sourceResource(cluster.metadata),
    ];
  });
  return [["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"], ...rows];
}

/** The same with what made each. */
export function wideClusterTable(
  clusters: readonly ClusterJson[],
  sourcesOf: SourcesOf<[cluster: ClusterJson]>,
): readonly (readonly string[])[] {
  const [heading = [], ...rows] = clusterTable(clusters);
  return [
    [...heading, ...MADE_COLUMNS],
    ...clusters.map((cluster, i) => [...(rows[i] ?? []), ...madeCells(sourcesOf(cluster))]),
  ];
}

/** How its hosts are found; one of a type of its own (`envoy.clusters.aggregate`) has no other. STATIC is the default. */
function typeOf({ type, clusterType }: ClusterJson): string {
  return clusterType?.name ?? type ?? "STATIC";
}
