import { expect, test } from "vitest";
import { changedResources } from "../../../../src/console/plan/changed-resources.js";
import type { EnvoyChange } from "../../../../src/console/plan/envoy-changes.js";
import { type EnvoyResource, resourceSet } from "../../../../src/envoy/resource/resource-set.js";

const EMPTY = resourceSet([]);

function resource(name: string, version: string, rest: Partial<EnvoyResource> = {}) {
  return { name, version, bytes: Buffer.from(version), ...rest };
}

const change = (type: string, name: string): EnvoyChange => ({
  type,
  name,
  action: "changed",
  places: [],
});

const held = (listener: string) => ({
  clusters: resourceSet([
    resource("payments", "shared"),
    resource("withheld", "w", { refusal: { reason: "no", violations: [], sources: [] } }),
  ]),
  listeners: resourceSet([resource("virtualInbound", listener)]),
  secrets: resourceSet([resource("default", "secret")]),
  endpoints: EMPTY,
  routes: EMPTY,
  splitRoutes: EMPTY,
  virtualHosts: EMPTY,
  extensions: EMPTY,
  names: EMPTY,
});

test("what several proxies are sent is one resource, what they are sent in other forms is several", () => {
  const changes = [
    change("cluster", "payments"),
    change("cluster", "withheld"),
    change("cluster", "gone"),
    change("listener", "virtualInbound"),
    change("secret", "default"),
  ];
  const groups = [{ proxies: ["a.default", "b.default", "unknown.default"], changes }];
  const sets = new Map([
    ["a.default", held("of a")],
    ["b.default", held("of b")],
  ]);
  const found = changedResources({ groups }, (proxy) => sets.get(proxy));
  expect(found.map(({ word, proxy, resource: one }) => [word, proxy, one.version])).toEqual([
    ["cluster", "a.default", "shared"],
    ["listener", "a.default", "of a"],
    ["listener", "b.default", "of b"],
  ]);
});
