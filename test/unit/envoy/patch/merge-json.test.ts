import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MESSAGE } from "../../../../src/envoy/part/envoy-types.js";
import { type ListMerge, mergeJson } from "../../../../src/envoy/patch/merge-json.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const { registry } = goldenEncoder();
const ROUTE = "envoy.config.route.v3.Route";
const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

function merge(
  type: string,
  target: JsonObject,
  patch: JsonObject,
  lists: ListMerge = "append",
): JsonObject {
  return mergeJson(registry.getMessage(type)!, target, patch, { registry, lists });
}

interface Merge {
  readonly type: string;
  readonly target: JsonObject;
  readonly patch: JsonObject;
  readonly expected: JsonObject;
}

test.each<[string, Merge]>([
  [
    "values are replaced, and what the patch does not name stays",
    {
      type: MESSAGE.cluster,
      target: { name: "a", connectTimeout: "10s", respectDnsTtl: true },
      patch: { connectTimeout: "0.5s" },
      expected: { name: "a", connectTimeout: "0.5s", respectDnsTtl: true },
    },
  ],
  [
    "messages are merged",
    {
      type: ROUTE,
      target: { match: { prefix: "/" }, route: { cluster: "a", timeout: "0s" } },
      patch: { route: { timeout: "3s" } },
      expected: { match: { prefix: "/" }, route: { cluster: "a", timeout: "3s" } },
    },
  ],
  [
    "of fields that exclude one another that of the patch stays",
    {
      type: ROUTE,
      target: { route: { weightedClusters: { clusters: [{ name: "a", weight: 1 }] } } },
      patch: { route: { cluster: "b" } },
      expected: { route: { cluster: "b" } },
    },
  ],
  [
    "an answer takes the place of a route",
    {
      type: ROUTE,
      target: { route: { cluster: "a" } },
      patch: { directResponse: { status: 204 } },
      expected: { directResponse: { status: 204 } },
    },
  ],
  [
    "lists are added to",
    {
      type: MESSAGE.virtualHost,
      target: { domains: ["a"] },
      patch: { domains: ["b"] },
      expected: { domains: ["a", "b"] },
    },
  ],
  [
    "maps are merged by their keys",
    {
      type: MESSAGE.virtualHost,
      target: { typedPerFilterConfig: { a: { "@type": TLS, sni: "a" } } },
      patch: { typedPerFilterConfig: { b: { "@type": TLS, sni: "b" } } },
      expected: {
        typedPerFilterConfig: { a: { "@type": TLS, sni: "a" }, b: { "@type": TLS, sni: "b" } },
      },
    },
  ],
  [
    "what is packed as the same type is merged",
    {
      type: MESSAGE.cluster,
      target: {
        transportSocket: {
          name: "tls",
          typedConfig: { "@type": TLS, sni: "a", maxSessionKeys: 1 },
        },
      },
      patch: { transportSocket: { name: "tls", typedConfig: { "@type": TLS, sni: "b" } } },
      expected: {
        transportSocket: {
          name: "tls",
          typedConfig: { "@type": TLS, sni: "b", maxSessionKeys: 1 },
        },
      },
    },
  ],
])("%s", (_what, { type, target, patch, expected }) => {
  expect(merge(type, target, patch)).toEqual(expected);
});

test("a patch may replace lists, but not those of what is packed", () => {
  const tls = (name: string): JsonObject => ({
    "@type": TLS,
    commonTlsContext: { alpnProtocols: [name] },
  });
  const target = { filters: [{ name: "a" }], transportSocket: { typedConfig: tls("a") } };
  const patch = { filters: [{ name: "b" }], transportSocket: { typedConfig: tls("b") } };
  expect(merge("envoy.config.listener.v3.FilterChain", target, patch, "replace")).toEqual({
    filters: [{ name: "b" }],
    transportSocket: {
      typedConfig: { "@type": TLS, commonTlsContext: { alpnProtocols: ["a", "b"] } },
    },
  });
});
