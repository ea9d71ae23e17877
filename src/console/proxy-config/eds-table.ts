/** `proxy-config eds`: the endpoints that an Envoy was sent. */
import type { ClusterLoadAssignmentJson, LbEndpointJson, LocalityJson } from "../../envoy/api.js";
import { formatAddress, hostAddress } from "./address.js";
import { compareClusterNames } from "./cluster-name.js";
import { type EndpointFilter, isWord } from "./endpoint-table.js";
import type { SourcesOf } from "./known-sources.js";
import { MADE_COLUMNS, madeCells } from "./made-columns.js";

/** The endpoints that are meant, by cluster in the order of the table; clusters without any are left out. */
export function selectEndpoints(
  assignments: readonly ClusterLoadAssignmentJson[],
  filter: EndpointFilter,
): readonly ClusterLoadAssignmentJson[] {
  return assignments
    .filter(({ clusterName = "" }) => isWord(filter.cluster, clusterName))
    .map((assignment) => ({
      ...assignment,
      endpoints: (assignment.endpoints ?? []).map((locality) => ({
        ...locality,
        lbEndpoints: (locality.lbEndpoints ?? []).filter((endpoint) => isMeant(endpoint, filter)),
      })),
    }))
    .filter(({ endpoints }) => endpoints.some(({ lbEndpoints }) => lbEndpoints.length > 0))
    .sort((a, b) => compareClusterNames(a.clusterName ?? "", b.clusterName ?? ""));
}

function isMeant(lbEndpoint: LbEndpointJson, filter: EndpointFilter): boolean {
  const { host, port } = hostAddress(lbEndpoint.endpoint?.address);
  return (
    isWord(filter.address, host) &&
    (filter.port === undefined || filter.port === port) &&
    isWord(filter.status, statusOf(lbEndpoint))
  );
}

/** Envoy takes an endpoint of which nothing is said for healthy. */
function statusOf({ healthStatus = "UNKNOWN" }: LbEndpointJson): string {
  return healthStatus === "UNKNOWN" ? "HEALTHY" : healthStatus;
}

/** The table of what a proxy was told of endpoints, as rows of cells; the first is the heading. Columns are istioctl's. */
export function edsTable(
  assignments: readonly ClusterLoadAssignmentJson[],
): readonly (readonly string[])[] {
  return [["NAME", "STATUS", "LOCALITY", "CLUSTER"], ...rowsOf(assignments)];
}

/** The same with what made each. */
export function wideEdsTable(
  assignments: readonly ClusterLoadAssignmentJson[],
  sourcesOf: SourcesOf<[cluster: string, host: string]>,
): readonly (readonly string[])[] {
  const [heading = []] = edsTable([]);
  const rows = rowsOf(assignments, (cluster, host) => madeCells(sourcesOf(cluster, host)));
  return [[...heading, ...MADE_COLUMNS], ...rows];
}

function rowsOf(
  assignments: readonly ClusterLoadAssignmentJson[],
  more: (cluster: string, host: string) => readonly string[] = () => [],
): readonly (readonly string[])[] {
  return assignments.flatMap(({ clusterName = "", endpoints = [] }) =>
    endpoints.flatMap(({ locality, lbEndpoints = [] }) =>
      lbEndpoints.map((lbEndpoint) => {
        const address = hostAddress(lbEndpoint.endpoint?.address);
        return [
          formatAddress(address),
          statusOf(lbEndpoint),
          formatLocality(locality),
          clusterName,
          ...more(clusterName, address.host),
        ];
      }),
    ),
  );
}

/** `region/zone/subzone`, as far as it is known. */
function formatLocality({ region = "", zone = "", subZone = "" }: LocalityJson = {}): string {
  return [region, zone, subZone].join("/").replace(/\/+$/, "");
}
