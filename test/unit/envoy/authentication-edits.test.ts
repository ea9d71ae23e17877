/** What an edit of a PeerAuthentication has made again. */
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { askedFor } from "./asked-for.js";
import { SIDECAR, sentTo } from "./sent-to.js";

const service = (name: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.example.com]
  location: MESH_INTERNAL
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  workloadSelector: { labels: { app: ${name} } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${name}, namespace: shop }
spec: { address: ${address}, labels: { app: ${name} }, serviceAccount: ${name} }
`;

const policy = (mode: string): string => `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: cart, namespace: shop }
spec: { selector: { matchLabels: { app: cart } }, mtls: { mode: ${mode} } }
`;

function proxyOf(name: string, address: string) {
  const id = `sidecar~${address}~${name}.shop~shop.svc.cluster.local`;
  const metadata = { LABELS: { app: name }, NAMESPACE: "shop" };
  const proxy = parseNode({ id, metadata });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
}

const CART = proxyOf("cart", "10.0.0.1");
const PAY = proxyOf("pay", "10.0.0.2");

/** A shop of which all is made, with what makes it again. */
function open(mode: string) {
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const files = {
    "cart.yaml": service("cart", "10.0.0.1"),
    "pay.yaml": service("pay", "10.0.0.2"),
    "policy.yaml": policy(mode),
  };
  const discovery = createDiscovery(goldenEncoder(), directory.write(files), engine);
  const before = heldBy(discovery);
  made.length = 0;
  const edit = (next: string) => {
    const snapshot = directory.write({ "policy.yaml": policy(next) });
    discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    return heldBy(discovery);
  };
  return { made, before, edit };
}

const heldBy = (discovery: Discovery) => ({
  cart: askedFor(discovery.resourcesOf(CART)),
  pay: askedFor(discovery.resourcesOf(PAY)),
});

const times = (made: readonly string[], operator: string): number =>
  made.filter((one) => one === operator).length;

test("mutual TLS that becomes strict for one workload concerns its own sidecar alone", () => {
  const { made, before, edit } = open("PERMISSIVE");
  const after = edit("STRICT");
  expect(after.cart.listeners).not.toBe(before.cart.listeners);
  expect(after.pay.listeners).toBe(before.pay.listeners);
  expect(after.pay.clusters).toBe(before.pay.clusters);
  expect(after.pay.endpoints).toBe(before.pay.endpoints);
  expect(times(made, "inbound part")).toBe(1);
  expect(times(made, "workloads in plaintext")).toBe(0);
});

test("mutual TLS that is switched off for one workload concerns its sidecar, and its own endpoints for callers", () => {
  const { made, before, edit } = open("STRICT");
  const after = edit("DISABLE");
  expect(after.cart.listeners).not.toBe(before.cart.listeners);
  expect(after.pay.listeners).toBe(before.pay.listeners);
  expect(after.pay.clusters).toBe(before.pay.clusters);
  const changes = after.pay.endpoints.changesFrom(before.pay.endpoints);
  expect(changes.map(({ key }) => key)).toEqual(["outbound|80||cart.example.com"]);
  expect(times(made, "endpoints of a service")).toBe(1);
  expect(times(made, "inbound part")).toBe(1);
});

/** A service whose workloads are found by DNS, one that the policy selects and one that it does not. */
const BY_DNS = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart.example.com]
  location: MESH_INTERNAL
  ports:
    - { number: 80, name: http, protocol: HTTP }
    - { number: 81, name: http-other, protocol: HTTP }
  resolution: DNS
  endpoints:
    - { address: a.example.com, labels: { app: cart }, serviceAccount: cart }
    - { address: b.example.com, labels: { app: other }, serviceAccount: cart }
`;

/** The addresses of a port of that service that callers call by mutual TLS. */
function calledByMutualTls(port: number, modes: string): readonly string[] {
  const selecting = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: cart, namespace: shop }
spec: { selector: { matchLabels: { app: cart } }, ${modes} }`;
  const { clusters } = sentTo(SIDECAR, BY_DNS, selecting);
  const { endpoints = [] } =
    clusters.get(`outbound|${String(port)}||cart.example.com`)?.loadAssignment ?? {};
  return endpoints
    .flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .filter(({ metadata }) => metadata?.filterMetadata?.["envoy.transport_socket_match"])
    .map(({ endpoint }) => endpoint?.address?.socketAddress?.address ?? "");
}

test.each([
  [
    "mtls: { mode: STRICT }",
    ["a.example.com", "b.example.com"],
    ["a.example.com", "b.example.com"],
  ],
  ["mtls: { mode: DISABLE }", ["b.example.com"], ["b.example.com"]],
  [
    "portLevelMtls: { 81: { mode: DISABLE } }",
    ["a.example.com", "b.example.com"],
    ["b.example.com"],
  ],
])(
  "workloads that are found by DNS are called as the policy for them says: %s",
  (modes, first, second) => {
    expect(calledByMutualTls(80, modes)).toEqual(first);
    expect(calledByMutualTls(81, modes)).toEqual(second);
  },
);
