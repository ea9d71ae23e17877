import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { ConnectedProxy } from "../../../src/envoy/proxy/connected-proxy.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { proxyConfiguration } from "../../../src/simulator/configuration.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { SIDECAR, sentTo } from "./sent-to.js";

const encoder = goldenEncoder();

const limit = (maxConnections: number): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart }
spec: { host: cart, trafficPolicy: { connectionPool: { tcp: { maxConnections: ${maxConnections} } } } }
`;

/** The sidecar of the workload that the tests are about, as it connects. */
function cartSidecar(): ConnectedProxy {
  const proxy = parseNode({
    id: "sidecar~10.0.0.1~cart.default~default.svc.cluster.local",
    metadata: { LABELS: { app: "cart" } },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
}

test("a limit on connections to a service is followed by the sidecars of its workload", () => {
  const connected = cartSidecar();
  const { proxy } = connected;
  const proxies = Table.from([[proxy.id, proxy]]);
  const directory = createDirectory();
  const first = directory.write({
    "cart.yaml": service("cart").replace("spec:", "spec:\n  selector: { app: cart }"),
    "rule.yaml": limit(1),
  });
  const limitBy = (discovery: Discovery, snapshot: ConfigSnapshot): string | undefined => {
    discovery.update({ snapshot, proxies, standIns: [] });
    return discovery.resourcesOf(connected).clusters.get("inbound|80||")?.version;
  };
  const discovery = createDiscovery(encoder, first);
  const before = limitBy(discovery, first);
  const edited = directory.write({ "rule.yaml": limit(2) });
  const after = limitBy(discovery, edited);
  expect(after).not.toBe(before);
  const fresh = createDiscovery(encoder, edited, new Engine({ memo: false }));
  expect(after).toBe(limitBy(fresh, edited));
});

test("an edit of a rule's subsets makes nothing of its service's sidecars again but what callers are sent", () => {
  const connected = cartSidecar();
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const withSubset = limit(1).replace("host: cart,", "host: cart, subsets: [{ name: v1 }],");
  const files = { "cart.yaml": service("cart"), "rule.yaml": limit(1) };
  const discovery = createDiscovery(encoder, directory.write(files), engine);
  const before = discovery.resourcesOf(connected).clusters.size;
  made.length = 0;
  const snapshot = directory.write({ "rule.yaml": withSubset });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  expect(discovery.resourcesOf(connected).clusters.size).toBe(before + 1);
  expect(made).not.toContain("workload part of a proxy");
  directory.write({ "rule.yaml": limit(2) });
  discovery.update({ snapshot: directory.store.snapshot(), proxies: Table.empty(), standIns: [] });
  expect(discovery.resourcesOf(connected).clusters.size).toBe(before);
  expect(made).toContain("workload part of a proxy");
});

test("an edit of a workload makes nothing of its own sidecar again but where it moves a port", () => {
  const connected = cartSidecar();
  const entry = (more: string): string => `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: cart }
spec: { address: 10.0.0.1, labels: { app: cart }, ${more} }
`;
  const cart = service("cart").replace("spec:", "spec:\n  selector: { app: cart }");
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const first = directory.write({ "cart.yaml": cart, "entry.yaml": entry("weight: 1") });
  const discovery = createDiscovery(encoder, first, engine);
  const inboundAfter = (more: string): readonly string[] => {
    const snapshot = directory.write({ "entry.yaml": entry(more) });
    discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
    const { clusters } = discovery.resourcesOf(connected);
    return [...clusters.keys()].filter((name) => name.startsWith("inbound|"));
  };
  const before = inboundAfter("weight: 1");
  made.length = 0;
  expect(inboundAfter("weight: 2")).toEqual(before);
  expect(made).toContain("sets of a proxy");
  expect(made).not.toContain("workload part of a proxy");
  inboundAfter("ports: { http: 8123 }");
  expect(made).toContain("workload part of a proxy");
});

test("a cluster of the application names once each service whose port has the number of the first's", () => {
  const connected = cartSidecar();
  const { proxy } = connected;
  const behind = (name: string, ports: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: cart }, ports: [${ports}] }
`;
  const snapshot = createDirectory().write({
    "a.yaml": behind("a", "{ port: 80, targetPort: 8080 }, { name: b, port: 8080 }"),
    "b.yaml": behind("b", "{ port: 81, targetPort: 8080 }"),
    "c.yaml": behind("c", "{ port: 80, targetPort: 8080 }"),
  });
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  const sets = discovery.resourcesOf(connected);
  const { clusters } = proxyConfiguration(sets, encoder);
  const { metadata } = clusters.get("inbound|8080||") ?? {};
  expect(metadata?.filterMetadata?.["istio"]).toEqual({
    services: ["a", "c"].map((name) => ({
      host: `${name}.default.svc.cluster.local`,
      name,
      namespace: "default",
    })),
  });
});

test("a service that leads to a port of the sidecar itself takes no other port away", () => {
  const leading = (targetPort: number): string => `apiVersion: v1
kind: Service
metadata: { name: own-${targetPort} }
spec: { selector: { app: caller }, ports: [{ name: tcp, port: 80, targetPort: ${targetPort} }] }`;
  const plaintext = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default }
spec: { mtls: { mode: DISABLE } }`;
  const { listeners } = sentTo(SIDECAR, plaintext, leading(15006), leading(15090), leading(8080));
  const chains = listeners.get("virtualInbound")?.filterChains ?? [];
  const ports = chains.flatMap(({ filterChainMatch }) => filterChainMatch?.destinationPort ?? []);
  expect(ports).toEqual([15006, 8080]);
  expect(chains[0]?.name).toBe("virtualInbound-blackhole");
});

test("an edit of a policy makes no inbound clusters again, nor ports", () => {
  const connected = cartSidecar();
  const policy = (path: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: all }
spec: { rules: [{ to: [{ operation: { paths: ["${path}"] } }] }] }
`;
  const made: string[] = [];
  const engine = new Engine({ record: (operator) => void made.push(operator) });
  const directory = createDirectory();
  const files = { "cart.yaml": service("cart"), "policy.yaml": policy("/a") };
  const discovery = createDiscovery(encoder, directory.write(files), engine);
  const versionIn = (): string | undefined =>
    discovery.resourcesOf(connected).listeners.get("virtualInbound")?.version;
  const before = versionIn();
  expect(made).toContain("inbound clusters");
  made.length = 0;
  const snapshot = directory.write({ "policy.yaml": policy("/b") });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  expect(versionIn()).not.toBe(before);
  expect(made).toContain("inbound part");
  expect(made).not.toContain("inbound clusters");
  expect(made).not.toContain("inbound ports");
});
