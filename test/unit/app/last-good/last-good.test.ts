/** What is kept of resources from before something of theirs was refused. */

import { expect, test } from "vitest";
import { createDiscovery } from "../../../../src/app/discovery.js";
import { keepGood, type LastGood, withLastGood } from "../../../../src/app/last-good/last-good.js";
import { decodeLastGood, encodeLastGood } from "../../../../src/app/last-good/last-good-file.js";
import { watchEncoder } from "../../../../src/app/refused/watched-encoder.js";
import { Engine } from "../../../../src/base/engine/engine.js";
import type { ConfigSnapshot } from "../../../../src/config/snapshot.js";
import type { Encoder } from "../../../../src/envoy/resource/encoder.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import type { Refusal } from "../../../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../../../src/mesh/proxy/proxy.js";
import { createDirectory, service } from "../../config/directory.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const routes = (uri: string, name = "shop"): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http: [{ rewrite: { uri: ${uri} }, route: [{ destination: { host: cart } }] }]
`;

/** A group, and what its members alone see of the mesh. */
const GROUP_WITH_SIDECAR = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: machines }
spec: { metadata: { labels: { app: machine } }, template: {} }
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: machines }
spec:
  workloadSelector: { labels: { app: machine } }
  egress: [{ hosts: ["./*"] }]
`;

const BAD = String.raw`"/a\nb"`;
const WORSE = String.raw`"/a\nc"`;
const ROUTES = { kind: "VirtualService", namespace: "default", name: "shop" };

const refusalOf = (...sources: Refusal["sources"]): Refusal => ({
  reason: "no",
  violations: [],
  sources,
});

/** A directory, and what is kept of it while it is looked at. */
function startKeeping(saved: readonly LastGood[] = []) {
  const directory = createDirectory();
  const services = service("cart") + "---\n" + service("shop");
  const start = directory.write({ "services.yaml": services, "routes.yaml": routes("/good") });
  const saves: (readonly LastGood[])[] = [];
  const errors: unknown[] = [];
  const keeping = keepGood({
    saved,
    tables: start.tables,
    save: async (kept) => {
      saves.push(kept);
      await Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  const write = (text: string, ...refused: readonly Refusal[]): ConfigSnapshot => {
    const snapshot = directory.write({ "routes.yaml": text });
    keeping.follow(refused, snapshot.tables);
    return snapshot;
  };
  return { start, keeping, write, saves };
}

const uriOf = (kept: readonly LastGood[]): unknown => JSON.stringify(kept[0]?.good?.spec);

test("what had a part in what is refused is kept as it was before, until it is mended", async () => {
  const { keeping, write, saves } = startKeeping();
  const untouched = { kind: "Service", namespace: "default", name: "shop" };
  write(routes(BAD), refusalOf(ROUTES, untouched));
  expect(keeping.list().map(({ ref }) => ref)).toEqual([ROUTES]);
  expect(uriOf(keeping.list())).toContain("/good");
  write(routes(WORSE), refusalOf(ROUTES));
  expect(uriOf(keeping.list())).toContain("/good");
  write(routes("/mended"));
  expect(keeping.list()).toEqual([]);
  await keeping.close();
  expect(saves.map((kept) => kept.length)).toEqual([1, 1, 0]);
});

test("what is not the same as when it was refused, and refused by nobody now, is forgotten at the next look", () => {
  const first = startKeeping();
  first.write(routes(BAD), refusalOf(ROUTES));
  const again = startKeeping(first.keeping.list());
  again.write(routes(BAD));
  expect(again.keeping.list()).toHaveLength(1);
  again.write(routes("/other"));
  expect(again.keeping.list()).toEqual([]);
});

test("a resource that was not there before is kept as none", () => {
  const { keeping, write } = startKeeping();
  const made = { ...ROUTES, name: "cart" };
  const bad = write(`${routes("/good")}---${routes(BAD, "cart")}`, refusalOf(made));
  expect(keeping.list()).toMatchObject([{ ref: made }]);
  const { tables } = withLastGood(bad, decodeLastGood(encodeLastGood(keeping.list())));
  expect([...tables.VirtualService.keys()]).toEqual(["default/shop"]);
});

test("it is kept of 256 resources at most", () => {
  const { keeping, write } = startKeeping();
  const names = Array.from({ length: 300 }, (_, i) => `shop-${String(i)}`);
  const refs = names.map((name) => ({ ...ROUTES, name }));
  write(names.map((name) => routes(BAD, name)).join("---"), refusalOf(...refs));
  expect(keeping.list()).toHaveLength(256);
});

test("what is saved is read as it was, and of a spoiled file nothing", () => {
  const { keeping, write, start } = startKeeping();
  write(routes(BAD), refusalOf(ROUTES));
  const text = encodeLastGood(keeping.list());
  const read = decodeLastGood(text);
  expect(withLastGood(start, read).tables.VirtualService.get("default/shop")).toEqual(
    start.tables.VirtualService.get("default/shop"),
  );
  expect(read[0]?.refused).toBe(keeping.list()[0]?.refused);
  expect(decodeLastGood(text.slice(1))).toEqual([]);
  expect(decodeLastGood(text.replace('"version":1', '"version":2'))).toEqual([]);
  expect(decodeLastGood(text.replaceAll("VirtualService", "NoSuchKind"))).toEqual([]);
});

test("a proxy that is new is sent what was good in the place of what would be refused, whole and by itself", () => {
  const first = startKeeping();
  const bad = first.write(routes(BAD), refusalOf(ROUTES));
  const engine = new Engine();
  const { encoder } = watchEncoder(goldenEncoder(), engine);
  const sent = (lastGood: readonly LastGood[]) => {
    const discovery = createDiscovery(encoder, bad, new Engine(), () => lastGood);
    const id = "sidecar~10.0.0.1~a.default~default.svc.cluster.local";
    const proxy = parseNode({ id, metadata: {} });
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    const { routes: whole, virtualHosts } = discovery.resourcesOf({
      proxy,
      controlPlane: undefined,
    });
    const texts = [
      whole.get("80")?.bytes,
      virtualHosts.get("80/shop.default.svc.cluster.local:80")?.bytes,
    ];
    return [...texts.map((bytes) => bytes?.includes("/good")), whole.get("80")?.leftOut?.length];
  };
  expect(sent([])).toEqual([false, false, 1]);
  expect(sent(first.keeping.list())).toEqual([true, true, 1]);
});

test("so is a proxy that says the same of itself as another and has other labels by its WorkloadGroup", () => {
  const directory = createDirectory();
  const files = {
    "services.yaml": `${service("cart")}---\n${service("shop")}`,
    "group.yaml": GROUP_WITH_SIDECAR,
  };
  const { tables } = directory.write({ ...files, "routes.yaml": routes("/good") });
  const keeping = keepGood({
    ...{ saved: [], tables, save: () => Promise.resolve() },
    onError: () => undefined,
  });
  const bad = directory.write({ "routes.yaml": routes(BAD) });
  keeping.follow([refusalOf(ROUTES)], bad.tables);
  const engine = new Engine();
  const { encoder } = watchEncoder(goldenEncoder(), engine);
  const discovery = createDiscovery(encoder, bad, engine, keeping.list);
  const goodOf = (
    name: string,
    metadata: Readonly<Record<string, string>>,
  ): boolean | undefined => {
    const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
    const proxy = parseNode({ id, metadata });
    if ("invalid" in proxy) throw new Error(proxy.invalid);
    const { virtualHosts } = discovery.resourcesOf({ proxy, controlPlane: undefined });
    const host = virtualHosts.get("80/shop.default.svc.cluster.local:80");
    return host?.bytes.includes("/good");
  };
  expect(goodOf("a", {})).toBe(true);
  expect(goodOf("b", { AUTO_REGISTER_GROUP: "machines" })).toBe(true);
});

const ring = (size: number): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart }
spec:
  host: cart
  trafficPolicy:
    loadBalancer: { consistentHash: { httpHeaderName: user, ringHash: { minimumRingSize: ${size} } } }
`;

/** More than Envoy's largest, so that the cluster would be refused. */
const TOO_LARGE = 99_999_999;

const CLUSTER = "outbound|80||cart.default.svc.cluster.local";

function proxyOf(name: string) {
  const id = `sidecar~10.0.0.1~${name}.default~default.svc.cluster.local`;
  const proxy = parseNode({ id, metadata: {} });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return { proxy, controlPlane: undefined };
}

test("a proxy that is new is sent the cluster that was good in the place of one that would be refused", () => {
  const directory = createDirectory();
  const good = directory.write({ "cart.yaml": service("cart"), "ring.yaml": ring(2048) });
  const bad = directory.write({ "ring.yaml": ring(TOO_LARGE) });
  const rule = { kind: "DestinationRule", namespace: "default", name: "cart" };
  const resource = good.tables.DestinationRule.get("default/cart");
  const kept = resource === undefined ? [] : [{ ref: rule, good: resource, refused: "" }];
  const built: string[] = [];
  const engine = new Engine({ record: (operator) => built.push(operator) });
  let lastGood: readonly LastGood[] = [];
  const discovery = createDiscovery(goldenEncoder(), bad, engine, () => lastGood);
  const [one, two] = [proxyOf("one"), proxyOf("two")];
  const expected = createDiscovery(goldenEncoder(), good).resourcesOf(one).clusters.get(CLUSTER);
  const refused = discovery.resourcesOf(one).clusters.get(CLUSTER);
  expect(refused?.refusal?.reason).toContain("minimum_ring_size");

  lastGood = kept;
  const sets = discovery.resourcesOf(one);
  expect(sets.clusters.get(CLUSTER)).toMatchObject({
    version: expected?.version,
    standsFor: refused?.refusal,
  });
  expect(sets.clusters.get(CLUSTER)?.refusal).toBeUndefined();
  expect(discovery.resourcesOf(one)).toBe(sets);
  // Who shares it is given the same, for which nothing is made again.
  const others = discovery.resourcesOf(two).clusters;
  built.length = 0;
  expect(others.get(CLUSTER)).toBe(sets.clusters.get(CLUSTER));
  expect(built).toEqual([]);

  lastGood = [];
  expect(discovery.resourcesOf(one).clusters.get(CLUSTER)).toBe(refused);
});

const gateway = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: edge }
  servers: [{ port: { number: 9000, name: tcp, protocol: TCP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: ["*"]
  gateways: [edge]
  tcp: [{ route: [{ destination: { host: cart, port: { number: ${port} } } }] }]
`;

/** An encoder by which Envoy would refuse listeners that lead to port 81. */
function choosyEncoder(): Encoder {
  const golden = goldenEncoder();
  return {
    ...golden,
    encode: (typeName, json) => {
      const encoded = golden.encode(typeName, json);
      const isBad = typeName === MESSAGE.listener && JSON.stringify(json).includes("outbound|81|");
      return isBad ? { ...encoded, violations: [{ path: "", problem: "leads to 81" }] } : encoded;
    },
  };
}

test("so is a gateway that is new, of listeners", () => {
  const directory = createDirectory();
  const good = directory.write({ "cart.yaml": service("cart"), "edge.yaml": gateway(80) });
  const bad = directory.write({ "edge.yaml": gateway(81) });
  const resource = good.tables.VirtualService.get("default/edge");
  const ref = { kind: "VirtualService", namespace: "default", name: "edge" };
  const kept = resource === undefined ? [] : [{ ref, good: resource, refused: "" }];
  const id = "router~10.0.0.2~edge.default~default.svc.cluster.local";
  const proxy = parseNode({ id, metadata: { LABELS: { istio: "edge" } } });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const listenerOf = (snapshot: ConfigSnapshot, lastGood: readonly LastGood[]) =>
    createDiscovery(choosyEncoder(), snapshot, new Engine(), () => lastGood)
      .resourcesOf({ proxy, controlPlane: undefined })
      .listeners.get("0.0.0.0_9000");
  const refusal = listenerOf(bad, [])?.refusal;
  expect(refusal?.reason).toContain("leads to 81");
  expect(listenerOf(bad, kept)).toMatchObject({
    version: listenerOf(good, [])?.version,
    standsFor: refusal,
  });
  // Of what was never good there is nothing.
  expect(listenerOf(bad, [{ ref, refused: "" }])?.refusal).toEqual(refusal);
});

const plugin = (module: string): string => `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: odd }
spec: { url: "file:///${module}.wasm" }
`;

test("an extension that proxies refuse has the one that was good to stand in for it", () => {
  const directory = createDirectory();
  const good = directory.write({ "cart.yaml": service("cart"), "odd.yaml": plugin("good") });
  const bad = directory.write({ "odd.yaml": plugin("bad") });
  const resource = good.tables.WasmPlugin.get("default/odd");
  const ref = { kind: "WasmPlugin", namespace: "default", name: "odd" };
  const extensionOf = (snapshot: ConfigSnapshot, lastGood: readonly LastGood[]) => {
    const discovery = createDiscovery(goldenEncoder(), snapshot, new Engine(), () => lastGood);
    const [first] = discovery.resourcesOf(proxyOf("one")).extensions.values();
    return first;
  };
  const [refused, before] = [extensionOf(bad, []), extensionOf(good, [])];
  expect(before?.version).not.toBe(refused?.version);
  const kept = resource === undefined ? [] : [{ ref, good: resource, refused: "" }];
  expect(extensionOf(bad, kept)).toEqual({ ...refused, standIn: before });
  // Of others, and of what was never good, there is nothing.
  expect(extensionOf(bad, [{ ref, refused: "" }])).toEqual(refused);
  expect(extensionOf(bad, [{ ...kept[0], ref: ROUTES, refused: "" }])).toEqual(refused);
});
