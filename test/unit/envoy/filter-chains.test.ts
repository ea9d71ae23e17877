/** What a listener knows of the parts of resources that made its filter chains. */
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { formatPath } from "../../../src/config/format-path.js";
import { formatRef } from "../../../src/config/resource.js";
import type { ConfigSnapshot } from "../../../src/config/snapshot.js";
import type { EnvoyResource } from "../../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

function listener(
  discovery: Discovery,
  snapshot: ConfigSnapshot,
  name: string,
): EnvoyResource | undefined {
  const proxy = parseNode({
    id: "sidecar~10.0.0.1~a.default~default.svc.cluster.local",
    metadata: {},
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const proxies = Table.from([[proxy.id, proxy] as const]);
  discovery.update({ snapshot, proxies, standIns: [] });
  return discovery.resourcesOf({ proxy, controlPlane: undefined }).listeners.get(name);
}

const partsOf = (resource: EnvoyResource | undefined): readonly (readonly string[])[] =>
  (resource?.chains ?? []).map((parts) =>
    parts.map(({ ref, path }) => `${formatRef(ref)} ${formatPath(path)}`),
  );

const ORDERS = { name: "tcp-orders", port: 9000 };
const STOCK = { name: "tcp-stock", port: 9001 };

const service = (name: string, ports: readonly object[]): string =>
  JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports } });

test("a port that moves in its service is named where it is now, in the same bytes", () => {
  const directory = createDirectory();
  const before = directory.write({ "mesh.yaml": service("shop", [ORDERS, STOCK]) });
  const discovery = createDiscovery(encoder, before);
  const old = listener(discovery, before, "0.0.0.0_9000");
  const after = directory.write({ "mesh.yaml": service("shop", [STOCK, ORDERS]) });
  const now = listener(discovery, after, "0.0.0.0_9000");
  expect([old, now].map(partsOf)).toEqual([
    [["Service shop.default spec.ports[0]"]],
    [["Service shop.default spec.ports[1]"]],
  ]);
  expect(now?.version).toBe(old?.version);
});

test("a listener whose chains are made by the same parts stays the same object", () => {
  const directory = createDirectory();
  const before = directory.write({ "mesh.yaml": service("shop", [ORDERS]) });
  const discovery = createDiscovery(encoder, before);
  const old = listener(discovery, before, "0.0.0.0_9000");
  const after = directory.write({ "mesh.yaml": service("shop", [ORDERS, STOCK]) });
  expect(listener(discovery, after, "0.0.0.0_9000")).toBe(old);
});

test("a port of another ServiceEntry for the host names that one", () => {
  const entry = (name: string, ports: readonly object[]): string =>
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name, creationTimestamp: `2020-01-0${name === "first" ? 1 : 2}T00:00:00Z` },
      spec: { hosts: ["db.example.com"], resolution: "DNS", ports },
    });
  const tcp = (number: number): object => ({ number, name: `tcp-${number}`, protocol: "TCP" });
  const directory = createDirectory();
  const snapshot = directory.write({
    "mesh.yaml": `${entry("first", [tcp(9000)])}\n---\n${entry("second", [tcp(9000), tcp(9001)])}`,
  });
  const discovery = createDiscovery(encoder, snapshot);
  const named = [9000, 9001].map((port) =>
    partsOf(listener(discovery, snapshot, `0.0.0.0_${port}`)),
  );
  expect(named).toEqual([
    [["ServiceEntry first.default spec.ports[0]"]],
    [["ServiceEntry second.default spec.ports[1]"]],
  ]);
});
