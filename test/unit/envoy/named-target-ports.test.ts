/** The ports on which workloads are called whose service names the port in place of its number. */
import { expect, test } from "vitest";
import { SIDECAR, sentTo } from "./sent-to.js";

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: orders }
spec:
  selector: { app: orders }
  ports:
    - { name: http, port: 80, targetPort: web }
    - { name: grpc, port: 90, targetPort: 9000 }`;

/** The addresses and ports that callers of a port of the service are sent. */
function calledAt(port: number, workload: string): readonly string[] {
  const { endpoints } = sentTo(SIDECAR, SERVICE, workload);
  const name = `outbound|${String(port)}||orders.default.svc.cluster.local`;
  return (endpoints.get(name)?.endpoints ?? []).flatMap(({ lbEndpoints = [] }) =>
    lbEndpoints.map(({ endpoint }) => {
      const { address, portValue } = endpoint?.address?.socketAddress ?? {};
      return `${address ?? ""}:${String(portValue)}`;
    }),
  );
}

const entry = (ports: string): string => `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm }
spec: { address: 10.0.0.1, labels: { app: orders }, ports: ${ports} }`;

const slice = (ports: string): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: orders-1, labels: { kubernetes.io/service-name: orders } }
addressType: IPv4
endpoints: [{ addresses: [10.0.0.2] }]
ports: ${ports}`;

test("a WorkloadEntry is called on its port of the name that the Service has as its target", () => {
  expect(calledAt(80, entry("{ web: 8080 }"))).toEqual(["10.0.0.1:8080"]);
  expect(calledAt(80, entry("{ web: 8080, http: 8081 }"))).toEqual(["10.0.0.1:8080"]);
});

test("one that has no port of the target's name is called on that of the Service's port, or not at all", () => {
  expect(calledAt(80, entry("{ http: 8081 }"))).toEqual(["10.0.0.1:8081"]);
  expect(calledAt(80, entry("{ other: 8082 }"))).toEqual([]);
});

test("a target that is a number gives way to the entry's port of the name of the Service's port", () => {
  expect(calledAt(90, entry("{ web: 8080 }"))).toEqual(["10.0.0.1:9000"]);
  expect(calledAt(90, entry("{ grpc: 9001 }"))).toEqual(["10.0.0.1:9001"]);
});

test("an EndpointSlice names the ports of the Service, not their targets", () => {
  const ports = "[{ name: http, port: 8080 }, { name: web, port: 8081 }]";
  expect(calledAt(80, slice(ports))).toEqual(["10.0.0.2:8080"]);
});
