/** For whom EnvoyFilters are, in which order they are applied, and what an edit of one costs. */
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { ResourceSets } from "../../../src/envoy/resource/resource-set.js";
import { type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { versionsIn } from "./versions-in.js";

const encoder = goldenEncoder();

function proxy(name: string, namespace: string, metadata: object = {}): Proxy {
  const id = `sidecar~10.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const parsed = parseNode({ id, metadata: { LABELS: { app: name }, ...metadata } });
  if ("invalid" in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const ONE = proxy("front", "default", { ISTIO_VERSION: "1.29.1", ROLE: "edge" });
const TWO = proxy("front-2", "default");
const ELSEWHERE = proxy("front", "elsewhere");

/** An EnvoyFilter that lets all clusters wait so long for connections. */
const waits = (
  name: string,
  timeout: string,
  {
    namespace = "default",
    spec = {},
    match = {},
  }: { namespace?: string; spec?: object; match?: object } = {},
): string =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name, namespace },
    spec: {
      ...spec,
      configPatches: [
        {
          applyTo: "CLUSTER",
          match: { context: "SIDECAR_OUTBOUND", ...match },
          patch: { operation: "MERGE", value: { connect_timeout: timeout } },
        },
      ],
    },
  });

function hold(discovery: Discovery, snapshot: ConfigSnapshot, one: Proxy): ResourceSets {
  const proxies = Table.from([ONE, TWO, ELSEWHERE].map((each) => [each.id, each] as const));
  discovery.update({ snapshot, proxies, standIns: [] });
  return discovery.resourcesOf({ proxy: one, controlPlane: undefined });
}

const CART = "outbound|80||cart.default.svc.cluster.local";

/** How long a proxy's connections to the cart may take to open. */
function timeoutOf({ clusters }: ResourceSets): string {
  const { bytes } = clusters.get(CART)!;
  const json = encoder.decode("envoy.config.cluster.v3.Cluster", bytes);
  return (json as { connectTimeout: string }).connectTimeout;
}

function timeouts(...filters: readonly string[]): readonly string[] {
  const snapshot = createDirectory().write({
    "services.yaml": service("cart"),
    "filters.yaml": filters.join("\n---\n"),
  });
  const discovery = createDiscovery(encoder, snapshot);
  return [ONE, TWO, ELSEWHERE].map((one) => timeoutOf(hold(discovery, snapshot, one)));
}

const BEFORE = "10s";

test.each<[string, readonly string[], readonly string[]]>([
  ["one is for the proxies of its namespace", [waits("a", "1s")], ["1s", "1s", BEFORE]],
  [
    "one of the root namespace is for all, and comes first",
    [waits("a", "1s"), waits("b", "2s", { namespace: "istio-system" })],
    ["1s", "1s", "2s"],
  ],
  [
    "one may be for some workloads",
    [waits("a", "1s", { spec: { workloadSelector: { labels: { app: "front" } } } })],
    ["1s", BEFORE, BEFORE],
  ],
  [
    "a greater priority comes later, whatever the namespace",
    [
      waits("a", "1s", { spec: { priority: -1 } }),
      waits("b", "2s", { namespace: "istio-system", spec: { priority: 5 } }),
    ],
    ["2s", "2s", "2s"],
  ],
  [
    "of equal ones that of the smaller name comes first",
    [waits("b", "2s"), waits("a", "1s")],
    ["2s", "2s", BEFORE],
  ],
  [
    "a patch may be for some versions of the proxy",
    [waits("a", "1s", { match: { proxy: { proxyVersion: "^1\\.29" } } })],
    ["1s", BEFORE, BEFORE],
  ],
  [
    "a proxy that does not say its version is of none",
    [waits("a", "1s", { match: { proxy: { proxyVersion: ".*" } } })],
    ["1s", BEFORE, BEFORE],
  ],
  [
    "a patch may be for proxies that say something of themselves",
    [waits("a", "1s", { match: { proxy: { metadata: { ROLE: "edge" } } } })],
    ["1s", BEFORE, BEFORE],
  ],
  [
    "a patch that Envoy would refuse is left out, alone",
    [waits("a", "1s"), waits("b", "-1s")],
    ["1s", "1s", BEFORE],
  ],
])("%s", (_what, filters, expected) => {
  expect(timeouts(...filters)).toEqual(expected);
});

test("a patch that is left out says why, and where it is written", () => {
  const snapshot = createDirectory().write({
    "services.yaml": service("cart"),
    "filters.yaml": waits("spoils", "-1s"),
  });
  const { clusters } = hold(createDiscovery(encoder, snapshot), snapshot, ONE);
  const [refusal] = clusters.get(CART)?.leftOut ?? [];
  expect(refusal?.reason).toContain("connect_timeout");
  expect(refusal?.sources).toEqual([{ kind: "EnvoyFilter", namespace: "default", name: "spoils" }]);
  expect(refusal?.path).toEqual(["spec", "configPatches", 0]);
});

test("proxies with the same patches share what is patched", () => {
  const snapshot = createDirectory().write({
    "services.yaml": documents(service("cart"), service("stock")),
    "filters.yaml": waits("a", "1s", { namespace: "istio-system" }),
  });
  const discovery = createDiscovery(encoder, snapshot);
  const one = hold(discovery, snapshot, ONE).clusters.get(CART);
  expect(hold(discovery, snapshot, TWO).clusters.get(CART)).toBe(one);
  expect(hold(discovery, snapshot, ELSEWHERE).clusters.get(CART)).toBe(one);
});

test("edits of EnvoyFilters give what a control plane gives that sees the last one first", () => {
  const directory = createDirectory();
  const discovery = createDiscovery(
    encoder,
    directory.write({ "services.yaml": documents(service("cart"), service("stock")) }),
  );
  for (const text of [
    waits("a", "1s"),
    waits("a", "2s", { spec: { priority: 1 } }),
    "#",
    waits("b", "3s"),
  ]) {
    const snapshot = directory.write({ "filters.yaml": text });
    const fresh = createDiscovery(encoder, snapshot, new Engine({ memo: false }));
    expect(versionsIn(hold(discovery, snapshot, ONE))).toEqual(
      versionsIn(hold(fresh, snapshot, ONE)),
    );
  }
}, 30_000);

/** Which patches a resource says made it, the last first. */
const patchesOf = (sets: ResourceSets): readonly string[] =>
  (sets.clusters.get(CART)?.patched?.patches ?? []).map(
    ({ source, index }) => `${source.name} ${String(index)}`,
  );

/** An EnvoyFilter with the patches of some others. */
function together(...filters: readonly string[]): string {
  const parsed = filters.map(
    (text) => JSON.parse(text) as { readonly spec: { readonly configPatches: readonly object[] } },
  );
  const configPatches = parsed.flatMap(({ spec }) => spec.configPatches);
  return JSON.stringify({ ...parsed[0], spec: { configPatches } });
}

test("a resource names the patches that are in it, without those that Envoy would refuse", () => {
  const snapshot = createDirectory().write({
    "services.yaml": service("cart"),
    "a.yaml": waits("a", "3s"),
    "c.yaml": waits("c", "4s"),
    "z.yaml": waits("z", "-1s"),
  });
  const sets = hold(createDiscovery(encoder, snapshot), snapshot, ONE);
  expect(patchesOf(sets)).toEqual(["c 0", "a 0"]);
  expect(sets.clusters.get(CART)?.sources?.map(({ name }) => name)).toEqual(["c", "a", "cart"]);
  expect(sets.clusters.get(CART)?.leftOut).toHaveLength(1);
});

test("a patch that moves in its EnvoyFilter is named where it is now, in the same bytes", () => {
  const directory = createDirectory();
  const idle = waits("a", "9s", { match: { cluster: { name: "nothing" } } });
  const before = directory.write({
    "services.yaml": service("cart"),
    "filter.yaml": together(waits("a", "3s"), idle),
  });
  const discovery = createDiscovery(encoder, before);
  const old = hold(discovery, before, ONE);
  const after = directory.write({ "filter.yaml": together(idle, waits("a", "3s")) });
  const now = hold(discovery, after, ONE);
  expect([old, now].map(patchesOf)).toEqual([["a 0"], ["a 1"]]);
  expect(now.clusters.get(CART)?.version).toBe(old.clusters.get(CART)?.version);
});

test("what a patch makes is still the same object when a line is put before it", () => {
  const directory = createDirectory();
  const before = directory.write({
    "services.yaml": service("cart"),
    "filter.yaml": waits("a", "3s"),
  });
  const discovery = createDiscovery(encoder, before);
  const old = hold(discovery, before, ONE);
  const after = directory.write({ "filter.yaml": `# a remark\n${waits("a", "3s")}` });
  const now = hold(discovery, after, ONE);
  expect(now.clusters.get(CART)).toBe(old.clusters.get(CART));
});

test("a route table that no patch changes is the one that it was", () => {
  const services = { "services.yaml": service("cart") };
  const patch = {
    applyTo: "VIRTUAL_HOST",
    match: { routeConfiguration: { vhost: { name: "nothing" } } },
    patch: { operation: "MERGE", value: { include_attempt_count_in_response: true } },
  };
  const filter = JSON.stringify({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: "idle" },
    spec: { configPatches: [patch] },
  });
  const plain = createDirectory().write(services);
  const patched = createDirectory().write({ ...services, "filter.yaml": filter });
  const [before, after] = [plain, patched].map((snapshot) =>
    hold(createDiscovery(encoder, snapshot), snapshot, ONE).routes.get("80"),
  );
  expect(after?.version).toBe(before?.version);
  expect(after?.patched).toBeUndefined();
  expect(after?.sources).toEqual(before?.sources);
});
