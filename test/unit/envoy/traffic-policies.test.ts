/** What single policies come to, of the cases in which random ones found something amiss. */
import { expect, test } from "vitest";
import { made } from "../../models/traffic-policy/made.js";
import type { Description } from "../../models/traffic-policy/model.js";
import type { PlacedCaller, TrafficPolicy, World } from "../../models/traffic-policy/objects.js";
import { goldenEncoder } from "../golden/golden-case.js";

const CALLER: PlacedCaller = {
  namespace: "a",
  labels: { app: "caller" },
  type: "sidecar",
  locality: "",
  network: "",
};

/** Two workloads of one service, of which one is of the version of the caller. */
const WORLD: World = {
  services: [],
  serviceEntries: [
    {
      metadata: { name: "db", namespace: "a", creationTimestamp: "2026-01-01T00:00:00Z" },
      spec: {
        hosts: ["db.example.com"],
        location: "MESH_INTERNAL",
        resolution: "STATIC",
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        endpoints: [
          { address: "10.0.3.1", serviceAccount: "db", labels: { version: "v1" } },
          { address: "10.0.3.2", serviceAccount: "db", labels: { version: "v2" } },
        ],
      },
    },
  ],
  workloadEntries: [],
  pods: [],
  destinationRules: [],
  peerAuthentications: [],
  meshConfig: {},
  callers: [CALLER],
};

const encoder = goldenEncoder();

function clusterIn(world: World): Description {
  const { faults, clusters } = made(world, encoder);
  expect(faults).toEqual([]);
  return clusters.get(CALLER)?.get("outbound|80||db.example.com") ?? {};
}

/** The cluster of the service under a policy. */
const clusterUnder = (trafficPolicy: TrafficPolicy, meshConfig: World["meshConfig"] = {}) =>
  clusterIn({
    ...WORLD,
    meshConfig,
    destinationRules: [
      {
        metadata: { name: "db", namespace: "a", creationTimestamp: "2026-01-01T00:00:00Z" },
        spec: { host: "db.example.com", trafficPolicy },
      },
    ],
  });

test("what a policy says of TLS without a mode switches TLS off", () => {
  expect(clusterUnder({ tls: { sni: "db.example.com" } })["sockets"]).toEqual({
    mode: "plaintext",
  });
});

test("0 keep-alive probes are as many as the mesh has", () => {
  const tcp = { tcpKeepalive: { probes: 0, time: "10s" } };
  const mesh = { tcpKeepalive: { probes: 5, time: "30s" } };
  expect(clusterUnder({ connectionPool: { tcp } }, mesh)["connections"]).toMatchObject({
    keepalive: { probes: 5, time: 10 },
  });
});

test("servers of a ServiceEntry that speak TLS themselves are the accounts of its endpoints", () => {
  expect(clusterUnder({ tls: { mode: "SIMPLE" } })["sockets"]).toMatchObject({
    mode: "origination",
    names: ["spiffe://cluster.local/ns/a/sa/db"],
  });
});

test("workloads are in the cluster that a failoverPriority names", () => {
  const failoverPriority = ["topology.istio.io/cluster=Kubernetes", "version=v1"];
  const policy = {
    outlierDetection: {},
    loadBalancer: { localityLbSetting: { failoverPriority } },
  };
  expect(clusterUnder(policy)["endpoints"]).toEqual([
    { locality: "", priority: 0, weight: 1, endpoints: ["10.0.3.1:80 weight 1 mutual TLS"] },
    { locality: "", priority: 1, weight: 1, endpoints: ["10.0.3.2:80 weight 1 mutual TLS"] },
  ]);
});

const TWICE = { connectionPool: { tcp: { maxConnections: 2 } } };
const THRICE = { outlierDetection: { consecutive5xxErrors: 3 } };

/** Two rules for the service, of which the older one limits its connections to two. */
const rules = (exportTo: readonly (readonly string[])[]): World => ({
  ...WORLD,
  destinationRules: [TWICE, THRICE].map((trafficPolicy, i) => ({
    metadata: {
      name: `db-${i}`,
      namespace: "a",
      creationTimestamp: `2026-01-0${i + 1}T00:00:00Z`,
    },
    spec: { host: "db.example.com", trafficPolicy, exportTo: exportTo[i] ?? [] },
  })),
});

test.each([
  ["of rules that are exported in the same words the first policy counts", [["*"], ["*"]], 2],
  ["of rules that are exported in other words the last one counts", [[], ["*"]], 4294967295],
  ["a rule that is exported to more is part of one, for its callers", [["."], [".", "b"]], 2],
] as const)("%s", (_what, exportTo, maxConnections) => {
  expect(clusterIn(rules(exportTo))["connections"]).toMatchObject({ maxConnections });
});
