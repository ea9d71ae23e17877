/** All that a proxy holds, table by table: `istioctl proxy-config all`. */

import {
  type ConfigDump,
  clustersOf,
  endpointsOf,
  listenersOf,
  routesOf,
  sectionOf,
} from "../config-dump.js";
import { bootstrapSummary } from "./bootstrap-summary.js";
import { type ClusterFilter, clusterTable, selectClusters } from "./cluster-table.js";
import { edsTable, selectEndpoints } from "./eds-table.js";
import {
  chainRows,
  type ListenerFilter,
  listenerTable,
  listenerTypes,
  selectListeners,
} from "./listener-table.js";
import { routeCounts, routeTable, selectRoutes } from "./route-table.js";
import { secretTable } from "./secret-table.js";

type Rows = readonly (readonly string[])[];

/** A part of the summary. */
export interface SummaryPart {
  readonly title: string;
  readonly rows: Rows;
  /** How far its columns are apart. */
  readonly gap: number;
}

/** What of each part is meant, and the moment (milliseconds since 1970) at which certificates are valid or not. */
export interface SummaryOptions {
  readonly clusters: ClusterFilter;
  readonly listeners: ListenerFilter;
  readonly route?: string;
  /** With each filter chain and each route, rather than a row for each listener and each route table. */
  readonly verbose: boolean;
  readonly now: number;
}

/** The parts of a dump as they are shown one below the other; each resource is named with its kind. */
export function fullSummary(dump: ConfigDump, options: SummaryOptions): readonly SummaryPart[] {
  const secrets = secretTable(sectionOf(dump, "SecretsConfigDump"), options.now);
  const { verbose } = options;
  const { address, port } = options.listeners;
  const endpoints = selectEndpoints(endpointsOf(dump), {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
  });
  const routes = selectRoutes(routesOf(dump), options.route);
  return [
    // The control plane, which tells what a proxy accepted, knows no bootstrap.
    ...(dump.BootstrapConfigDump === undefined
      ? []
      : [{ title: "bootstrap", rows: bootstrapSummary(dump.BootstrapConfigDump), gap: 1 }]),
    { title: "cluster", rows: namedClusters(dump, options.clusters), gap: 5 },
    { title: "listener", rows: namedListeners(dump, options.listeners, verbose), gap: 1 },
    {
      title: "route",
      rows: prefixed("route", verbose ? routeTable(routes) : routeCounts(routes)),
      gap: 5,
    },
    { title: "secret", rows: prefixed("secret", secrets), gap: 5 },
    { title: "endpoints", rows: prefixed("endpoint", edsTable(endpoints)), gap: 5 },
  ];
}

/** The rows of a table with the kind of resource before the name in the first column. */
function prefixed(kind: string, [heading = [], ...rows]: Rows): Rows {
  return [heading, ...rows.map(([name = "", ...cells]) => [`${kind}/${name}`, ...cells])];
}

function namedClusters(dump: ConfigDump, filter: ClusterFilter): Rows {
  const clusters = selectClusters(clustersOf(dump), filter);
  const [heading = [], ...rows] = clusterTable(clusters);
  return [
    ["NAME", ...heading],
    ...rows.map((cells, i) => [`cluster/${clusters[i]?.name ?? ""}`, ...cells]),
  ];
}

function namedListeners(dump: ConfigDump, filter: ListenerFilter, verbose: boolean): Rows {
  const [heading = []] = verbose ? listenerTable([]) : listenerTypes([]);
  const rows = selectListeners(listenersOf(dump), filter).flatMap((listener) => {
    const own = verbose ? chainRows(listener) : listenerTypes([listener]).slice(1);
    return own.map((cells) => [`listener/${listener.name ?? ""}`, ...cells]);
  });
  return [["NAME", ...heading], ...rows];
}
