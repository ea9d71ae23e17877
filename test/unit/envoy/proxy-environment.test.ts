/** The variables of the environments of Envoys. */
import { expect, test } from "vitest";
import { type NodeOptions, proxyEnvironment } from "../../../src/envoy/bootstrap/node.js";

const NODE: NodeOptions = {
  ...{ type: "sidecar", name: "payments-v1-0", namespace: "shop", serviceAccount: "payments" },
  ...{ addresses: ["192.0.2.7", "2001:db8::7"], workloadName: "payments-v1" },
  labels: { app: "payments" },
};

test("a proxy has the variables that Istio's have, and those by which tracers name it", () => {
  expect(proxyEnvironment({ ...NODE, interceptionMode: "NONE" })).toEqual({
    OTEL_RESOURCE_ATTRIBUTES: "service.name=payments.shop",
    DD_SERVICE: "payments.shop",
    POD_NAME: "payments-v1-0",
    POD_NAMESPACE: "shop",
    INSTANCE_IP: "192.0.2.7",
    SERVICE_ACCOUNT: "payments",
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    ISTIO_META_INTERCEPTION_MODE: "NONE",
    ISTIO_META_MESH_ID: "cluster.local",
    ISTIO_META_WORKLOAD_NAME: "payments-v1",
  });
});

test("it has the variables of its metadata, but for those that no environment can have", () => {
  const metadata = { TIER: "gold", CLUSTER_ID: "another", ENDED: "a\0b", "NA\0ME": "x" };
  const variables = proxyEnvironment({ ...NODE, metadata });
  expect(variables).toMatchObject({ ISTIO_META_TIER: "gold", ISTIO_META_CLUSTER_ID: "Kubernetes" });
  expect(variables).not.toHaveProperty(["ISTIO_META_ENDED"]);
  expect(variables).not.toHaveProperty(["ISTIO_META_NA\0ME"]);
});
