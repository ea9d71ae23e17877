/** In which order what a proxy is sent is made. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createDiscovery, type Discovery } from "../../../src/app/discovery.js";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import type { ProxySets } from "../../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, documents, service } from "../config/directory.js";
import { versionsIn } from "./versions-in.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));

function setsIn(discovery: Discovery): ProxySets {
  const proxy = parseNode({
    id: "sidecar~10.0.0.1~front.default~default.svc.cluster.local",
    metadata: {},
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  return discovery.resourcesOf({ proxy, controlPlane: undefined });
}

const SERVICES = { "services.yaml": documents(service("cart"), service("stock", "default", 9000)) };

test("clusters are made without all else, which is made when it is asked for", () => {
  const made = new Set<string>();
  const engine = new Engine({ record: (operator) => void made.add(operator) });
  const discovery = createDiscovery(encoder, createDirectory().write(SERVICES), engine);
  const sets = setsIn(discovery);
  expect(sets.clusters.size).toBeGreaterThan(2);
  expect([...made]).not.toContain("endpoints");
  expect(sets.endpoints.size).toBe(2);
  expect([...made]).not.toContain("virtual hosts");
  expect([...made]).not.toContain("listener entries");
  expect(sets.listeners.size).toBeGreaterThan(0);
  expect([...made]).toContain("listener entries");
  expect(sets.virtualHosts.size).toBeGreaterThan(0);
  expect([...made]).toContain("virtual hosts");
});

test("what is asked for after an edit is as the edit has it, whatever was asked for before", () => {
  const directory = createDirectory();
  const discovery = createDiscovery(encoder, directory.write(SERVICES));
  const before = setsIn(discovery);
  expect(before.clusters.size).toBeGreaterThan(2);
  const snapshot = directory.write({
    "services.yaml": documents(service("cart", "default", 81), service("pay")),
  });
  discovery.update({ snapshot, proxies: Table.empty(), standIns: [] });
  const after = setsIn(discovery);
  expect(versionsIn(after)).toEqual(versionsIn(setsIn(createDiscovery(encoder, snapshot))));
  expect(versionsIn(before)).not.toEqual(versionsIn(after));
  expect(versionsIn(setsIn(discovery))).toEqual(versionsIn(after));
});
