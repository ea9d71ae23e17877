/** What an edit of endpoints has made again. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { askedFor } from "./asked-for.js";

const entry = (name: string, endpoint: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }, { number: 9000, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: ${endpoint} }]
`;

test("an endpoint that is written in its ServiceEntry moves, and nothing else is another object", () => {
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const files = { "cart.yaml": entry("cart", "10.0.0.1"), "pay.yaml": entry("pay", "10.0.0.2") };
  const discovery = createDiscovery(goldenEncoder(), directory.write(files), engine);
  const proxy = parseNode({ id: "sidecar~10.1.0.1~a.b~b.svc.cluster.local", metadata: {} });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const connected = { proxy, controlPlane: undefined };
  const before = askedFor(discovery.resourcesOf(connected));
  made.length = 0;
  const snapshot = directory.write({ "cart.yaml": entry("cart", "10.0.0.3") });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  const after = askedFor(discovery.resourcesOf(connected));
  expect(after.endpoints).not.toBe(before.endpoints);
  expect(after.clusters).toBe(before.clusters);
  expect(after.listeners).toBe(before.listeners);
  expect(after.virtualHosts).toBe(before.virtualHosts);
  expect(made).not.toContain("outbound listeners");
});

const SELECTING = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: cart }
spec:
  hosts: [cart.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  workloadSelector: { labels: { app: cart } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all }
spec:
  hosts: ["*.example.com"]
  http: [{ route: [{ destination: { host: cart.example.com } }] }]
`;

const workload = (address: string): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: cart-0 }
spec: { address: ${address}, labels: { app: cart } }
`;

test("a workload moves, and services are not gone through for the wildcards of VirtualServices", () => {
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const files = { "cart.yaml": SELECTING, "cart-0.yaml": workload("10.0.0.1") };
  const discovery = createDiscovery(goldenEncoder(), directory.write(files), engine);
  expect(made).toContain("served wildcards");
  made.length = 0;
  const snapshot = directory.write({ "cart-0.yaml": workload("10.0.0.3") });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  expect(made).not.toHaveLength(0);
  expect(made).not.toContain("served wildcards");
});
