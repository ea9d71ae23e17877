import type { ClusterLoadAssignmentJson, LbEndpointJson, LocalityJson } from "../envoy/api.js";
import { formatAddress, hostAddress } from "./address.js";
import { compareClusterNames } from "./cluster-name.js";
import { type EndpointFilter, isWord } from "./endpoint-table.js";

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
  const rows = assignments.flatMap(({ clusterName = "", endpoints = [] }) =>
    endpoints.flatMap(({ locality, lbEndpoints = [] }) =>
      lbEndpoints.map((lbEndpoint) => [
        formatAddress(hostAddress(lbEndpoint.endpoint?.address)),
        statusOf(lbEndpoint),
        formatLocality(locality),
        clusterName,
      ]),
    ),
  );
  return [["NAME", "STATUS", "LOCALITY", "CLUSTER"], ...rows];
}

/** `region/zone/subzone`, as far as it is known. */
function formatLocality({ region = "", zone = "", subZone = "" }: LocalityJson = {}): string {
  return [region, zone, subZone].join("/").replace(/\/+$/, "");
}
