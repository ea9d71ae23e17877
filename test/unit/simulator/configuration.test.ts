import { expect, test, vi } from "vitest";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import { type EnvoyResource, resourceSet } from "../../../src/envoy/resource/resource-set.js";
import { proxyConfiguration } from "../../../src/simulator/configuration.js";

const EMPTY = resourceSet([]);

function resource(name: string, rest: Partial<EnvoyResource> = {}): EnvoyResource {
  return { name, bytes: Buffer.from(name), version: name, ...rest };
}

/** The configuration of a proxy with these clusters, and what decodes its resources. */
function configurationOf(...clusters: readonly EnvoyResource[]) {
  const decode = vi.fn<Encoder["decode"]>((_type, bytes) => ({ name: bytes.toString() }));
  const sets = {
    clusters: resourceSet(clusters),
    endpoints: EMPTY,
    listeners: EMPTY,
    secrets: EMPTY,
    extensions: EMPTY,
    names: EMPTY,
    splitRoutes: EMPTY,
    virtualHosts: EMPTY,
    get routes(): never {
      throw new Error("the virtual hosts are joined without need");
    },
  };
  return { decode, configuration: proxyConfiguration(sets, { decode } as unknown as Encoder) };
}

test("a resource is decoded when it is asked for, and once, whatever else there is", () => {
  const { decode, configuration } = configurationOf(resource("a"), resource("b"), resource("c"));
  expect(configuration.clusters.has("a")).toBe(true);
  expect(decode).not.toHaveBeenCalled();
  const found = [configuration.clusters.get("b"), configuration.clusters.get("b")];
  expect(found).toEqual([{ name: "b" }, { name: "b" }]);
  expect(decode).toHaveBeenCalledOnce();
});

test("what would be refused is not held", () => {
  const refusal = { reason: "no", violations: [], sources: [] };
  const { configuration } = configurationOf(resource("b"), resource("a", { refusal }));
  expect(configuration.clusters.has("a")).toBe(false);
  expect(configuration.clusters.get("a")).toBeUndefined();
  expect([...configuration.clusters.values()]).toEqual([{ name: "b" }]);
});
