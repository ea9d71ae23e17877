/** What a proxy knows of the hosts of its clusters, out of Envoy's `/clusters?format=json`: envoy.admin.v3.Clusters. */
import type { ClusterStatusJson, ClustersJson } from "../api.js";
import { type ConfigDump, endpointsOf, parseJson } from "../config-dump.js";
import { DumpError } from "../dump-error.js";
import { canonicalJson } from "../proto-json.js";

/**
 * Reads a text as Envoy's `/clusters?format=json` answers it.
 * @throws DumpError when it is nothing of the kind
 */
export function parseClusterStatuses(text: string): readonly ClusterStatusJson[] {
  const parsed = canonicalJson(parseJson(text)) as ClustersJson | null;
  if (Array.isArray(parsed?.clusterStatuses)) return parsed.clusterStatuses;
  throw new DumpError(
    "the dump has no `cluster_statuses`",
    "save one with `curl 'http://ADMIN/clusters?format=json' > clusters.json`; of a config dump, `proxy-config eds -f` shows the endpoints",
  );
}

/** The same of the endpoints of a dump, which says what a proxy was told of its hosts and not what it found. */
export function toldStatuses(dump: ConfigDump): readonly ClusterStatusJson[] {
  return endpointsOf(dump).map(({ clusterName = "", endpoints = [] }) => ({
    name: clusterName,
    hostStatuses: endpoints.flatMap(({ lbEndpoints = [], locality }) =>
      lbEndpoints.map(({ endpoint, healthStatus = "HEALTHY" }) => ({
        ...(endpoint?.address === undefined ? {} : { address: endpoint.address }),
        ...(locality === undefined ? {} : { locality }),
        healthStatus: { edsHealthStatus: healthStatus },
      })),
    ),
  }));
}
