import { expect, test } from "vitest";
import {
  type ClusterFilter,
  clusterTable,
  selectClusters,
} from "../../../../src/console/proxy-config/cluster-table.js";
import {
  CLUSTER_TABLE_FIELDS,
  clusterNameParts,
} from "../../../../src/console/proxy-config/told-clusters.js";
import type { ClusterJson } from "../../../../src/envoy/api.js";

const RULE = "/apis/networking.istio.io/v1/namespaces/default/destination-rule/payments";

const CLUSTERS: readonly ClusterJson[] = [
  {
    name: "outbound|80|v1|payments.default.svc.cluster.local",
    type: "EDS",
    connectTimeout: "10s",
    metadata: { filterMetadata: { istio: { config: RULE, subset: "v1" } } },
  },
  { name: "outbound|443||payments.default.svc.cluster.local", type: "EDS" },
  { name: "inbound|8080||", type: "ORIGINAL_DST" },
  { name: "egress", clusterType: { name: "envoy.clusters.dynamic_forward_proxy" } },
  { name: "BlackHoleCluster", type: "STATIC" },
];

test("the table is made of no other fields than are told of", () => {
  const told = CLUSTERS.map((cluster) =>
    Object.fromEntries(
      Object.entries(cluster).filter(([field]) => CLUSTER_TABLE_FIELDS.includes(field)),
    ),
  );
  expect(clusterTable(told)).toEqual(clusterTable(CLUSTERS));
});

test.each<ClusterFilter>([
  {},
  { fqdn: "payments" },
  { fqdn: "BlackHole" },
  { port: 80 },
  { port: 8080, direction: "inbound" },
  { subset: "v1", direction: "outbound", fqdn: "default" },
])("every cluster that %j means has all parts in its name", (filter) => {
  const meant = selectClusters(CLUSTERS, filter);
  expect(meant).not.toEqual([]);
  const parts = clusterNameParts(filter);
  for (const { name = "" } of meant) {
    expect(parts.filter((part) => !name.includes(part))).toEqual([]);
  }
});
