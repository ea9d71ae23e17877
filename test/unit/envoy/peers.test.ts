/** Who the endpoints of a cluster may be, as the server of discovery is told. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import type { ClusterJson } from "../../../src/envoy/api.js";
import { createAcceptBoth } from "../../../src/envoy/cluster/peers.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import type { EnvoyResource } from "../../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

const service = (app: string): string => `
apiVersion: v1
kind: Service
metadata: { name: called }
spec: { selector: { app: ${app} }, ports: [{ name: http, port: 80 }] }
`;

const workload = (app: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${app} }
spec: { address: ${address}, serviceAccount: ${app}, labels: { app: ${app}, version: v1 } }
`;

const rule = (policy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: called }
spec: { host: called, trafficPolicy: { ${policy} } }
`;

const PATCH = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: slow }
spec:
  configPatches:
  - { applyTo: CLUSTER, match: { context: SIDECAR_OUTBOUND }, patch: { operation: MERGE, value: { connect_timeout: 3s } } }
`;

/** The cluster of the Service, which leads to one of the two workloads. */
function clusterOf(app: string, ...resources: readonly string[]): EnvoyResource {
  const proxy = parseNode({
    id: "sidecar~10.0.0.9~caller-0.default~default.svc.cluster.local",
    metadata: {},
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const workloads = [workload("red", "10.0.0.1"), workload("blue", "10.0.0.2")];
  const text = documents(service(app), ...workloads, ...resources);
  const snapshot = createDirectory().write({ "mesh.yaml": text });
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  const { clusters } = discovery.resourcesOf({ proxy, controlPlane: undefined });
  return clusters.get("outbound|80||called.default.svc.cluster.local")!;
}

const jsonOf = ({ bytes }: EnvoyResource): ClusterJson => encoder.decode(MESSAGE.cluster, bytes);

const identity = (account: string): string => `spiffe://cluster.local/ns/default/sa/${account}`;

const MUTUAL = "tls: { mode: ISTIO_MUTUAL }";

test.each([
  ["where its endpoints say themselves whether they take mutual TLS", []],
  ["where a rule says that they do", [rule(MUTUAL)]],
  ["behind the PROXY protocol", [rule("proxyProtocol: { version: V2 }")]],
  ["that an EnvoyFilter changed", [PATCH]],
])("a cluster %s has the identities of its workloads as peers", (_where, resources) => {
  const [red, blue] = [clusterOf("red", ...resources), clusterOf("blue", ...resources)];
  expect(red.peers).toEqual([identity("red")]);
  const both = createAcceptBoth(encoder)(red, blue);
  expect(both).toMatchObject({ name: blue.name, endpoints: blue.endpoints });
  expect(both.peers).toEqual([identity("blue"), identity("red")]);
  // All else is as in the second.
  const withoutRed = JSON.stringify(jsonOf(both)).replace(
    `,{"sanType":"URI","matcher":{"exact":"${identity("red")}"}}`,
    "",
  );
  expect(JSON.parse(withoutRed)).toEqual(jsonOf(blue));
});

test("a cluster that asks for no certificate, or for any of the mesh, has no peers", () => {
  expect(clusterOf("red", rule("tls: { mode: DISABLE }"))).not.toHaveProperty("peers");
  expect(clusterOf("nobody")).not.toHaveProperty("peers");
});
