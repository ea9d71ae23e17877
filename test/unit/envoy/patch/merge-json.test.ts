import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type ListMerge, mergeJson, mergePacked } from "../../../../src/envoy/patch/merge-json.js";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const { registry } = goldenEncoder();
const ROUTE = "envoy.config.route.v3.Route";
const TYPED_STRUCT = "xds.type.v3.TypedStruct";
const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

function merge(
  type: string,
  target: JsonObject,
  patch: JsonObject,
  lists: ListMerge = "append",
): JsonObject {
  return mergeJson(registry.getMessage(type)!, target, patch, lists);
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
    "a struct is merged by its keys",
    {
      type: TYPED_STRUCT,
      target: { value: { a: { deep: 1 }, b: 1 } },
      patch: { value: { a: { other: 2 } } },
      expected: { value: { a: { other: 2 }, b: 1 } },
    },
  ],
  [
    "what is packed is replaced as a whole",
    {
      type: MESSAGE.cluster,
      target: { transportSocket: { name: "tls", typedConfig: { "@type": TLS, sni: "a" } } },
      patch: { transportSocket: { typedConfig: { "@type": TLS, maxSessionKeys: 1 } } },
      expected: {
        transportSocket: { name: "tls", typedConfig: { "@type": TLS, maxSessionKeys: 1 } },
      },
    },
  ],
])("%s", (_what, { type, target, patch, expected }) => {
  expect(merge(type, target, patch)).toEqual(expected);
});

test("a patch may replace lists", () => {
  const target = { filters: [{ name: "a" }] };
  const patch = { filters: [{ name: "b" }] };
  expect(merge("envoy.config.listener.v3.FilterChain", target, patch, "replace")).toEqual(patch);
});

test("what is packed is merged with what is packed as the same type", () => {
  const target = { "@type": TLS, sni: "a", commonTlsContext: { alpnProtocols: ["a"] } };
  const patch = { "@type": TLS, maxSessionKeys: 1, commonTlsContext: { alpnProtocols: ["b"] } };
  expect(mergePacked(registry, target, patch)).toEqual({
    "@type": TLS,
    sni: "a",
    maxSessionKeys: 1,
    commonTlsContext: { alpnProtocols: ["a", "b"] },
  });
});

test("what is packed is not merged with what is packed as another type", () => {
  const other = { "@type": `type.googleapis.com/${TYPED_STRUCT}`, value: {} };
  expect(mergePacked(registry, { "@type": TLS, sni: "a" }, other)).toBeUndefined();
});
