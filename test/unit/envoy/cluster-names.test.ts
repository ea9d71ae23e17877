import { expect, test } from "vitest";
import { clusterNames } from "../../../src/envoy/resource/cluster-names.js";

test("are those of routes, weights, mirrors, gRPC services and tracers, each once", () => {
  const json = {
    routes: [
      { route: { cluster: "b", requestMirrorPolicies: [{ cluster: "mirror" }] } },
      {
        name: "not-a-cluster",
        route: { weightedClusters: { clusters: [{ name: "a" }, { name: "b" }] } },
      },
    ],
    filters: [
      { grpcService: { envoyGrpc: { clusterName: "authorizer" } } },
      { tracing: { collectorCluster: "tracer" } },
    ],
  };
  expect(clusterNames(json)).toEqual(["a", "authorizer", "b", "mirror", "tracer"]);
});

test("are not those that a TCP proxy asks for when it needs them, but for what it logs to", () => {
  const accessLog = [{ grpcService: { envoyGrpc: { clusterName: "log" } } }];
  const onDemand = { timeout: "5s" };
  expect(clusterNames({ cluster: "a", onDemand, accessLog })).toEqual(["log"]);
  expect(clusterNames({ weightedClusters: { clusters: [{ name: "a" }] }, onDemand })).toEqual([]);
  expect(clusterNames({ cluster: "a", accessLog })).toEqual(["a", "log"]);
});
