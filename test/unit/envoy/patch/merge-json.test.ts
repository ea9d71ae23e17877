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

test.each<[string, string, JsonObject, JsonObject, JsonObject]>([
  [
    "values are replaced, and what the patch does not name stays",
    MESSAGE.cluster,
    { name: "a", connectTimeout: "10s", respectDnsTtl: true },
    { connectTimeout: "0.5s" },
    { name: "a", connectTimeout: "0.5s", respectDnsTtl: true },
  ],
  [
    "messages are merged",
    ROUTE,
    { match: { prefix: "/" }, route: { cluster: "a", timeout: "0s" } },
    { route: { timeout: "3s" } },
    { match: { prefix: "/" }, route: { cluster: "a", timeout: "3s" } },
  ],
  [
    "of fields that exclude one another that of the patch stays",
    ROUTE,
    { route: { weightedClusters: { clusters: [{ name: "a", weight: 1 }] } } },
    { route: { cluster: "b" } },
    { route: { cluster: "b" } },
  ],
  [
    "an answer takes the place of a route",
    ROUTE,
    { route: { cluster: "a" } },
    { directResponse: { status: 204 } },
    { directResponse: { status: 204 } },
  ],
  [
    "lists are added to",
    MESSAGE.virtualHost,
    { domains: ["a"] },
    { domains: ["b"] },
    { domains: ["a", "b"] },
  ],
  [
    "maps are merged by their keys",
    MESSAGE.virtualHost,
    { typedPerFilterConfig: { a: { "@type": TLS, sni: "a" } } },
    { typedPerFilterConfig: { b: { "@type": TLS, sni: "b" } } },
    { typedPerFilterConfig: { a: { "@type": TLS, sni: "a" }, b: { "@type": TLS, sni: "b" } } },
  ],
  [
    "what is packed as the same type is merged",
    MESSAGE.cluster,
    {
      transportSocket: { name: "tls", typedConfig: { "@type": TLS, sni: "a", maxSessionKeys: 1 } },
    },
    { transportSocket: { name: "tls", typedConfig: { "@type": TLS, sni: "b" } } },
    {
      transportSocket: { name: "tls", typedConfig: { "@type": TLS, sni: "b", maxSessionKeys: 1 } },
    },
  ],
])("%s", (_what, type, target, patch, expected) => {
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
