import { endpointAddress, type MeshShape, namespaceOf } from "../mesh/mesh-shape.js";
import { versionOf } from "../mesh/service-yaml.js";

/** The node of a sidecar, in protobuf's JSON, as Istio's bootstrap has it: the proxies go round the services. */
export function sidecarNode(shape: MeshShape, proxy: number): object {
  const service = proxy % shape.services;
  const endpoint = Math.floor(proxy / shape.services) % shape.endpoints;
  const namespace = namespaceOf(shape, service);
  const address = endpointAddress(shape, service, endpoint);
  const workload = `svc-${service}`;
  const name = `${workload}-${endpoint}`;
  return {
    id: `sidecar~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${workload}.${namespace}`,
    metadata: {
      NAME: name,
      NAMESPACE: namespace,
      WORKLOAD_NAME: workload,
      SERVICE_ACCOUNT: workload,
      LABELS: { app: workload, version: versionOf(endpoint) },
      INSTANCE_IPS: address,
      CLUSTER_ID: "Kubernetes",
      MESH_ID: "cluster.local",
    },
    userAgentName: "envoy",
  };
}
