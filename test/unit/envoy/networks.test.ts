/** What callers in one network are told of endpoints, where it matters how those are written. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import type { ClusterJson, ClusterLoadAssignmentJson } from "../../../src/envoy/api.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

const networks = (there: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  meshNetworks: |
    networks: { there: { endpoints: [${there}], gateways: [{ address: 203.0.113.1, port: 15443 }] } }
`;

/** All workloads of the mesh of which nothing else is said. */
const EVERYTHING = "{ fromRegistry: Kubernetes }";

const entry = (host: string, fields: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host} }
spec: { hosts: [${host}.example.com], ports: [{ number: 80, name: http, protocol: HTTP }], ${fields} }
`;

/** `address:port` of the endpoints of a host, for a caller in the network \`here\`. */
function endpointsOf(host: string, ...resources: readonly string[]): readonly string[] {
  const proxy = parseNode({
    id: "sidecar~10.0.0.1~caller-0.default~default.svc.cluster.local",
    metadata: { NETWORK: "here" },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const snapshot = createDirectory().write({ "mesh.yaml": documents(...resources) });
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  const { clusters, endpoints } = discovery.resourcesOf({ proxy, controlPlane: undefined });
  const name = `outbound|80||${host}.example.com`;
  const decoded = (type: string, bytes: Uint8Array | undefined): unknown =>
    bytes && encoder.decode(type, Buffer.from(bytes));
  const cluster = decoded(MESSAGE.cluster, clusters.get(name)?.bytes) as ClusterJson;
  const own = decoded(MESSAGE.endpoint, endpoints.get(name)?.bytes) ?? cluster.loadAssignment;
  return ((own as ClusterLoadAssignmentJson).endpoints ?? [])
    .flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .map(({ endpoint }) => endpoint?.address?.socketAddress)
    .map((at) => `${at?.address ?? ""}:${String(at?.portValue)}`);
}

const STATIC = "resolution: STATIC, location: MESH_INTERNAL, endpoints:";

test("a network that is one address of one family says nothing of addresses of the other", () => {
  const six = entry("six", `${STATIC} [{ address: "fd00::1" }]`);
  expect(endpointsOf("six", networks("{ fromCidr: 10.2.0.1 }"), six)).toEqual(["fd00::1:80"]);
  const four = entry("four", `${STATIC} [{ address: 10.2.0.1, serviceAccount: four }]`);
  expect(endpointsOf("four", networks('{ fromCidr: "fd00::1" }'), four)).toEqual(["10.2.0.1:80"]);
  expect(endpointsOf("four", networks("{ fromCidr: 10.2.0.1 }"), four)).toEqual([
    "203.0.113.1:15443",
  ]);
});

test("what is outside of the mesh is in none of its networks", () => {
  const outside = "location: MESH_EXTERNAL, endpoints:";
  const byAddress = entry("bank", `resolution: STATIC, ${outside} [{ address: 198.51.100.1 }]`);
  expect(endpointsOf("bank", networks(EVERYTHING), byAddress)).toEqual(["198.51.100.1:80"]);
  const byName = entry("bank", `resolution: DNS, ${outside} [{ address: bank.test }]`);
  expect(endpointsOf("bank", networks(EVERYTHING), byName)).toEqual(["bank.test:80"]);
});

test("a name, which may lead anywhere, is in no network that its endpoint does not say", () => {
  const named = "resolution: DNS, location: MESH_INTERNAL, endpoints:";
  const silent = entry("shop", `${named} [{ address: shop.test }]`);
  expect(endpointsOf("shop", networks(EVERYTHING), silent)).toEqual(["shop.test:80"]);
  const placed = entry("shop", `${named} [{ address: shop.test, network: there }]`);
  expect(endpointsOf("shop", networks(EVERYTHING), placed)).toEqual([]);
});

const SHOP = entry(
  "shop",
  `${STATIC} [{ address: 10.2.0.1, serviceAccount: shop, network: there }]`,
);

test("a gateway whose label is no port is called on the usual one", () => {
  const gateway = (port: string): string => `
apiVersion: v1
kind: Service
metadata:
  name: eastwest
  labels: { topology.istio.io/network: there, networking.istio.io/gatewayPort: "${port}" }
spec: { externalIPs: [203.0.113.2], ports: [{ name: tls, port: 15443 }] }
`;
  expect(endpointsOf("shop", gateway("443"), SHOP)).toEqual(["203.0.113.2:443"]);
  for (const port of ["", "no-port", "0", "99999", "1.5"]) {
    expect(endpointsOf("shop", gateway(port), SHOP)).toEqual(["203.0.113.2:15443"]);
  }
});

test("gateways are not called in plaintext where mutual TLS is not what callers begin by themselves", () => {
  const plain = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: "enableAutoMtls: false"
  meshNetworks: "networks: { there: { gateways: [{ address: 203.0.113.1, port: 15443 }] } }"
`;
  expect(endpointsOf("shop", plain, SHOP)).toEqual([]);
  const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec: { host: shop.example.com, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`;
  expect(endpointsOf("shop", plain, SHOP, rule)).toEqual(["203.0.113.1:15443"]);
});
