/** `proxy-config endpoints`: the hosts that an Envoy has, and their health. */
import { compareText } from "../../base/text/compare-text.js";
import type { ClusterStatusJson, HostStatusJson } from "../api.js";
import { formatAddress, type HostAddress, hostAddress } from "./address.js";
import type { SourcesOf } from "./known-sources.js";
import { MADE_COLUMNS, madeCells } from "./made-columns.js";

/** Which endpoints are meant; what is absent does not matter. Words are compared without regard to case. */
export interface EndpointFilter {
  readonly address?: string;
  readonly port?: number;
  readonly cluster?: string;
  /** `healthy`, `unhealthy`, `draining`, ... */
  readonly status?: string;
}

/** Whether a filter's word is absent or equal, whatever the case. */
export function isWord(word: string | undefined, value: string): boolean {
  return word === undefined || word.toLowerCase() === value.toLowerCase();
}

/** The clusters that have an endpoint that is meant. */
export function selectStatuses(
  clusters: readonly ClusterStatusJson[],
  filter: EndpointFilter,
): readonly ClusterStatusJson[] {
  return clusters.filter((cluster) => rowsOf(cluster, filter).length > 0);
}

interface Row {
  readonly address: HostAddress;
  readonly status: string;
  readonly outlierCheck: string;
  readonly cluster: string;
}

/** The table of endpoints, as rows of cells; the first is the heading. Columns and order are istioctl's. */
export function endpointTable(
  clusters: readonly ClusterStatusJson[],
  filter: EndpointFilter,
): readonly (readonly string[])[] {
  return [
    ["ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"],
    ...sortedRows(clusters, filter).map(cellsOf),
  ];
}

/** The same with what made each. */
export function wideEndpointTable(
  clusters: readonly ClusterStatusJson[],
  filter: EndpointFilter,
  sourcesOf: SourcesOf<[cluster: string, host: string]>,
): readonly (readonly string[])[] {
  const [heading = []] = endpointTable([], filter);
  return [
    [...heading, ...MADE_COLUMNS],
    ...sortedRows(clusters, filter).map((row) => [
      ...cellsOf(row),
      ...madeCells(sourcesOf(row.cluster, row.address.host)),
    ]),
  ];
}

const cellsOf = ({ address, status, outlierCheck, cluster }: Row): readonly string[] => [
  formatAddress(address),
  status,
  outlierCheck,
  cluster,
];

const sortedRows = (
  clusters: readonly ClusterStatusJson[],
  filter: EndpointFilter,
): readonly Row[] => clusters.flatMap((cluster) => rowsOf(cluster, filter)).sort(compareRows);

function rowsOf(
  { name = "", hostStatuses = [] }: ClusterStatusJson,
  filter: EndpointFilter,
): readonly Row[] {
  if (!isWord(filter.cluster, name)) return [];
  return hostStatuses
    .map((host) => ({
      address: shownAddress(host),
      status: host.healthStatus?.edsHealthStatus ?? "UNKNOWN",
      outlierCheck: outlierCheck(host),
      cluster: name,
    }))
    .filter(
      ({ address, status }) =>
        isWord(filter.address, address.host) &&
        (filter.port === undefined || filter.port === address.port) &&
        isWord(filter.status, status),
    );
}

/** A proxy counts what becomes of its calls to a host; who has no counts has not seen any. */
function outlierCheck({ stats, healthStatus }: HostStatusJson): string {
  if (healthStatus?.failedOutlierCheck === true) return "FAILED";
  return stats === undefined ? "-" : "OK";
}

function shownAddress({ address }: HostStatusJson): HostAddress {
  const shown = hostAddress(address);
  return shown.kind === "pipe" ? { ...shown, host: `unix://${shown.host}` } : shown;
}

function compareRows(a: Row, b: Row): number {
  return (
    compareText(a.address.host, b.address.host) ||
    (a.address.port ?? 0) - (b.address.port ?? 0) ||
    compareText(a.cluster, b.cluster)
  );
}
