/** What proxies with a Sidecar share, and what an edit costs them. */
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
import { versionsIn } from "./versions-in.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));

function proxy(name: string, app: string): Proxy {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const parsed = parseNode({ id, metadata: { LABELS: { app } } });
  if ("invalid" in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const ONE = proxy("front-0", "front");
const TWO = proxy("front-1", "front");
const OTHER = proxy("other-0", "other");

const sidecar = (...hosts: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: front }
spec:
  workloadSelector: { labels: { app: front } }
  egress: [{ hosts: [${hosts.join(", ")}] }]
`;

const CART = '"./cart.default.svc.cluster.local"';
const STOCK = '"./stock.default.svc.cluster.local"';

const FILES = {
  "services.yaml": documents(service("cart"), service("stock")),
  "sidecar.yaml": sidecar(CART),
};

function hold(discovery: Discovery, snapshot: ConfigSnapshot, one: Proxy): ResourceSets {
  const proxies = Table.from([ONE, TWO, OTHER].map((each) => [each.id, each] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return discovery.resourcesOf({ proxy: one, controlPlane: undefined });
}

/** The hosts to which there are clusters. */
const hostsIn = ({ clusters }: ResourceSets): readonly string[] =>
  clusters
    .sorted()
    .filter(([name]) => name.startsWith("outbound|"))
    .map(([name]) => name.split("|").at(-1) ?? "");

test("proxies of one Sidecar share what they reach; others see more", () => {
  const snapshot = createDirectory().write(FILES);
  const discovery = createDiscovery(encoder, snapshot);
  const one = hold(discovery, snapshot, ONE);
  expect(hostsIn(one)).toEqual(["cart.default.svc.cluster.local"]);
  expect(hold(discovery, snapshot, TWO).routes).toBe(one.routes);
  expect(hold(discovery, snapshot, TWO).endpoints).toBe(one.endpoints);
  expect(hostsIn(hold(discovery, snapshot, OTHER))).toEqual([
    "cart.default.svc.cluster.local",
    "stock.default.svc.cluster.local",
  ]);
});

test("an edit of a service that is not imported changes nothing", () => {
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write(FILES));
  const before = hold(discovery, directory.store.snapshot(), ONE);
  const edited = documents(service("cart"), service("stock", "default", 8080));
  const after = hold(discovery, directory.write({ "services.yaml": edited }), ONE);
  expect(after.routes).toBe(before.routes);
  expect(after.endpoints).toBe(before.endpoints);
  expect(versionsIn(after)).toEqual(versionsIn(before));
});

test("edits of a Sidecar give what a control plane gives that sees the last one first", () => {
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write(FILES));
  for (const hosts of [[CART, STOCK], ['"./*"'], [STOCK]]) {
    const snapshot = directory.write({ "sidecar.yaml": sidecar(...hosts) });
    const fresh = createDiscovery(encoder, snapshot, new Engine({ memo: false }));
    expect(versionsIn(hold(discovery, snapshot, ONE))).toEqual(
      versionsIn(hold(fresh, snapshot, ONE)),
    );
  }
}, 30_000);
