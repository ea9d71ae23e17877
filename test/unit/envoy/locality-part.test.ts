/** What proxies share of hosts that balance by where the caller is, and what an edit costs them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import type { ResourceSets } from "../../../src/envoy/resource/resource-set.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents, service } from "../config/directory.js";
import { askedFor } from "./asked-for.js";
import { versionsIn } from "./versions-in.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));

function proxy(namespace: string, metadata: Readonly<Record<string, string>> = {}): Proxy {
  const id = `sidecar~10.0.0.1~front.${namespace}~${namespace}.svc.cluster.local`;
  const parsed = parseNode({
    id,
    metadata,
    locality: { region: "here", zone: "a", subZone: "" },
  });
  if ("invalid" in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const NAMESPACES = ["one", "two", "three"];
const PROXIES = NAMESPACES.map((namespace) => proxy(namespace));

const rule = (host: string, maxEjectionPercent: number): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host} }
spec:
  host: ${host}
  trafficPolicy: { outlierDetection: { maxEjectionPercent: ${String(maxEjectionPercent)} } }
`;

const SERVICES = ["cart", "stock", "plain"];

const FILES = {
  "services.yaml": documents(...SERVICES.map((name) => service(name))),
  "cart.yaml": rule("cart", 10),
  "stock.yaml": rule("stock", 10),
};

function hold(
  discovery: Discovery,
  snapshot: ConfigSnapshot,
  all: readonly Proxy[] = PROXIES,
): readonly ResourceSets[] {
  const proxies = Table.from(all.map((each) => [each.id, each] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return all.map((one) => askedFor(discovery.resourcesOf({ proxy: one, controlPlane: undefined })));
}

const CART = "outbound|80||cart.default.svc.cluster.local";

/** How often services' clusters and endpoints, or what else is named, were made since the last look. */
function countBuilds(counted = ["clusters of a service", "endpoints of a service"]): {
  readonly engine: Engine;
  readonly builds: () => readonly string[];
} {
  const made: string[] = [];
  const engine = new Engine({
    record: (operator) => {
      if (counted.includes(operator)) made.push(operator);
    },
  });
  return { engine, builds: () => made.splice(0).sort() };
}

/** The cart, which callers call on their own node alone. */
const LOCAL_CART = service("cart").replace(
  "spec:",
  "spec:\n  selector: { app: cart }\n  internalTrafficPolicy: Local",
);

/** The cart, which keeps clients with their endpoints. */
const KEEPING_CART = service("cart").replace("spec:", "spec:\n  sessionAffinity: ClientIP");

const podOn = (node: string, podIP: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: cart-${node}, labels: { app: cart } }
spec: { nodeName: ${node} }
status: { podIP: ${podIP} }
`;

test("what is made for a locality is made once for all namespaces", () => {
  const { engine, builds } = countBuilds();
  const directory = createDirectory();
  const snapshot = directory.write(FILES);
  const discovery = createDiscovery(encoder, snapshot, engine);
  const [one, two] = hold(discovery, snapshot);
  expect(one?.clusters.get(CART)).toBeDefined();
  expect(two?.clusters.get(CART)).toBe(one?.clusters.get(CART));
  expect(two?.endpoints.get(CART)).toBe(one?.endpoints.get(CART));
  expect(builds()).toEqual([
    ...Array<string>(SERVICES.length).fill("clusters of a service"),
    ...Array<string>(SERVICES.length).fill("endpoints of a service"),
  ]);
  hold(discovery, directory.write({ "cart.yaml": rule("cart", 20) }));
  expect(builds()).toEqual(["clusters of a service", "endpoints of a service"]);
});

test("endpoints for a locality are made once for all kinds of callers there", () => {
  const { engine, builds } = countBuilds();
  const directory = createDirectory();
  const snapshot = directory.write(FILES);
  const discovery = createDiscovery(encoder, snapshot, engine);
  const kinds = [proxy("one"), proxy("two", { INTERCEPTION_MODE: "NONE" })];
  const [captured, called] = hold(discovery, snapshot, kinds);
  expect(called?.endpoints.get(CART)).toBe(captured?.endpoints.get(CART));
  const endpoints = builds().filter((one) => one === "endpoints of a service");
  expect(endpoints).toHaveLength(SERVICES.length);
});

test("edits of rules and services give what a control plane gives that sees the last ones first", () => {
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write(FILES));
  const edits = [
    { "cart.yaml": rule("cart", 20) },
    { "cart.yaml": "" },
    FILES,
    { "services.yaml": documents(LOCAL_CART, service("stock")) },
    { "services.yaml": documents(KEEPING_CART, service("stock")) },
    FILES,
  ];
  for (const files of edits) {
    const snapshot = directory.write(files);
    const fresh = createDiscovery(encoder, snapshot, new Engine({ memo: false }));
    expect(hold(discovery, snapshot).map(versionsIn)).toEqual(
      hold(fresh, snapshot).map(versionsIn),
    );
  }
});

test("nodes tell callers apart only where a service asks for them", () => {
  const { engine, builds } = countBuilds();
  const directory = createDirectory();
  const snapshot = directory.write(FILES);
  const discovery = createDiscovery(encoder, snapshot, engine);
  const onNodes = ["a", "b"].map((node) => proxy("one", { NODE_NAME: node }));
  const [onA, onB] = hold(discovery, snapshot, onNodes);
  expect(onB?.endpoints.get(CART)).toBe(onA?.endpoints.get(CART));
  expect(builds().filter((one) => one === "endpoints of a service")).toHaveLength(SERVICES.length);
  const [before, apart] = hold(
    discovery,
    directory.write({
      "cart-service.yaml": LOCAL_CART,
      "services.yaml": documents(service("stock"), service("plain")),
      "pods.yaml": documents(podOn("a", "10.1.0.1"), podOn("b", "10.1.0.2")),
    }),
    onNodes,
  );
  expect(before?.endpoints.get(CART)?.version).not.toBe(apart?.endpoints.get(CART)?.version);
  const [after, together] = hold(
    discovery,
    directory.write({ "cart-service.yaml": service("cart") }),
    onNodes,
  );
  expect(together?.endpoints.get(CART)).toBe(after?.endpoints.get(CART));
});

test("where a caller is costs nothing again while nobody says another node of it", () => {
  const { engine, builds } = countBuilds(["locality of a proxy"]);
  const directory = createDirectory();
  const snapshot = directory.write({ ...FILES, "local.yaml": LOCAL_CART.replace("cart", "local") });
  const discovery = createDiscovery(encoder, snapshot, engine);
  const connected = ["a", "b"].map((node) => ({
    proxy: proxy("one", { NODE_NAME: node }),
    controlPlane: undefined,
  }));
  const proxies = Table.from(connected.map((one) => [one.proxy.id, one.proxy] as const));
  const lookAt = (current: ConfigSnapshot): void => {
    discovery.update({ snapshot: current, proxies, standIns: [] });
    for (const one of connected) discovery.resourcesOf(one);
  };
  lookAt(snapshot);
  expect(builds()).toHaveLength(connected.length);
  lookAt(directory.write({ "more.yaml": service("more") }));
  expect(builds()).toEqual([]);
});

test("a caller is on the node that its Pod says, as soon as that says it", () => {
  const directory = createDirectory();
  const [callerPod, cartPods] = ["caller.yaml", "carts.yaml"] as const;
  const snapshot = directory.write({
    "cart.yaml": LOCAL_CART,
    [cartPods]: documents(podOn("a", "10.1.0.1"), podOn("b", "10.1.0.2")),
  });
  const discovery = createDiscovery(encoder, snapshot);
  const versionOf = (node: string): string | undefined => {
    const pod = podOn(node, "10.0.0.1")
      .replaceAll("cart", "front")
      .replace("name: front", "namespace: one, name: front");
    const [held] = hold(discovery, directory.write({ [callerPod]: pod }), [proxy("one")]);
    return held?.endpoints.get(CART)?.version;
  };
  const [onA, onB] = [versionOf("a"), versionOf("b")];
  expect(onB).not.toBe(onA);
  expect(versionOf("a")).toBe(onA);
});
