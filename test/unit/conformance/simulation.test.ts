import { expect, test } from "vitest";
import { simulation } from "../../../scripts/conformance/simulation.js";

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: shop }
spec:
  clusterIP: 10.96.0.1
  ports: [{ name: http, port: 80 }]
`;

function trafficCase(expected: object): object {
  return {
    kind: "traffic",
    config: "",
    kubeConfig: SERVICE,
    configObjects: [],
    meshConfigOverrides: {},
    proxy: {
      ipAddresses: ["10.0.0.1"],
      metadata: { NAMESPACE: "default" },
      suggestedNodeId: "sidecar~10.0.0.1~caller.default~default.svc.cluster.local",
    },
    calls: [{ call: { port: 80, protocol: "http", hostHeader: "shop" }, expected }],
  };
}

const CLUSTER = "outbound|80||shop.default.svc.cluster.local";

test.each([
  ["the cluster that is reached", { clusterMatched: CLUSTER }, true],
  ["another cluster", { clusterMatched: "PassthroughCluster" }, false],
  ["an error that there is not", { error: "ErrNoRoute" }, false],
  ["nothing of what is not named", {}, true],
  ["that nothing else is matched", { clusterMatched: CLUSTER, strictMatch: true }, false],
])("a simulated call is expected to match %s", async (_what, expected, passes) => {
  const { passed } = await simulation.run(trafficCase(expected));
  expect(passed).toBe(passes);
});
