/** What a service that comes has made again. */
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { askedFor } from "./asked-for.js";

const service = (name: string, namespace: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [${name}.${namespace}.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  workloadSelector: { labels: { app: ${name} } }
`;

function proxyOf(name: string, namespace: string, address: string) {
  const id = `sidecar~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const metadata = { LABELS: { app: name }, NAMESPACE: namespace };
  const proxy = parseNode({ id, metadata });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
}

const PROXIES = [
  proxyOf("cart", "shop", "10.0.0.1"),
  proxyOf("pay", "bank", "10.0.0.2"),
  proxyOf("mail", "post", "10.0.0.3"),
];

const heldBy = (discovery: Discovery) =>
  PROXIES.map((proxy) => askedFor(discovery.resourcesOf(proxy)));

/** A mesh of three namespaces of which all is made, and then one more service. */
function edited() {
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const files = {
    "cart.yaml": service("cart", "shop"),
    "pay.yaml": service("pay", "bank"),
    "mail.yaml": service("mail", "post"),
  };
  const discovery = createDiscovery(goldenEncoder(), directory.write(files), engine);
  const before = heldBy(discovery);
  made.length = 0;
  const snapshot = directory.write({ "stock.yaml": service("stock", "shop") });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  const after = heldBy(discovery);
  return { made, before, after };
}

const times = (made: readonly string[], operator: string): number =>
  made.filter((one) => one === operator).length;

test("the listener that a service shares with others is made once for all namespaces", () => {
  const { made, after } = edited();
  const listeners = after.map((held) => held.listeners.get("0.0.0.0_80"));
  expect(listeners[0]).toBeDefined();
  expect(new Set(listeners).size).toBe(1);
  expect(times(made, "outbound listener")).toBe(1);
});

test("a service that selects none of its namespace's sidecars has none of their own parts made again", () => {
  const { made, before, after } = edited();
  expect(after[0]?.clusters).not.toBe(before[0]?.clusters);
  expect(times(made, "inbound part")).toBe(0);
});
