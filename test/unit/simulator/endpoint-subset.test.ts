import { expect, test } from "vitest";
import { any } from "../../../src/envoy/any.js";
import type { ClusterJson } from "../../../src/envoy/api.js";
import { criteriaOf, isAskedFor } from "../../../src/simulator/endpoint-subset.js";
import { upstreamOf } from "../../../src/simulator/upstream.js";
import { configuration, request } from "./calls.js";

const noting = (key: string, rest: object = {}, metadataNamespace = "envoy.lb") =>
  any("envoy.extensions.filters.http.header_to_metadata.v3.Config", {
    requestRules: [{ header: "x-version", onHeaderPresent: { metadataNamespace, key, ...rest } }],
  });

const SUBSETS: ClusterJson = { lbSubsetConfig: { subsetSelectors: [{ keys: ["version"] }] } };
const ASKING = request({ headers: { "x-version": "v1" } });
const NOTING = { virtualHost: { typedPerFilterConfig: { reader: noting("version") } } };

test("a request asks for the endpoints that a filter notes of it", () => {
  expect(criteriaOf(SUBSETS, NOTING, ASKING)).toEqual({ version: "v1" });
});

test("what the route says to a filter stands in place of what its virtual host says", () => {
  const regexValueRewrite = { pattern: { regex: "v(\\d)" }, substitution: "number-\\1" };
  const route = { typedPerFilterConfig: { reader: noting("version", { regexValueRewrite }) } };
  expect(criteriaOf(SUBSETS, { ...NOTING, route }, ASKING)).toEqual({ version: "number-1" });
});

test.each([
  ["a connection without a request", SUBSETS, NOTING, undefined],
  ["a request without the header", SUBSETS, NOTING, request({})],
  ["an empty value", SUBSETS, NOTING, request({ headers: { "x-version": "" } })],
  ["a cluster without subsets", {}, NOTING, ASKING],
  [
    "a cluster with subsets by something else",
    { lbSubsetConfig: { subsetSelectors: [{ keys: ["stage"] }] } },
    NOTING,
    ASKING,
  ],
  [
    "what is noted for something else",
    SUBSETS,
    { virtualHost: { typedPerFilterConfig: { reader: noting("version", {}, "other") } } },
    ASKING,
  ],
])("any endpoint will do for %s", (_what, cluster, passed, asked) => {
  expect(criteriaOf(cluster, passed, asked)).toEqual({});
});

const endpoint = (version: string, address: string) => ({
  endpoint: { address: { socketAddress: { address, portValue: 80 } } },
  metadata: { filterMetadata: { "envoy.lb": { version } } },
});

test("an endpoint is asked for that says all of it", () => {
  expect(isAskedFor({ version: "v1" }, endpoint("v1", "10.0.0.1"))).toBe(true);
  expect(isAskedFor({ version: "v1" }, endpoint("v2", "10.0.0.1"))).toBe(false);
  expect(isAskedFor({ version: "v1" }, {})).toBe(false);
  expect(isAskedFor({}, {})).toBe(true);
});

test("an endpoint that is asked for takes all calls, whatever its priority", () => {
  const cluster: ClusterJson = {
    loadAssignment: {
      clusterName: "c",
      endpoints: [
        { lbEndpoints: [endpoint("v1", "10.0.0.1")] },
        { priority: 1, lbEndpoints: [endpoint("v2", "10.0.0.2")] },
      ],
    },
  };
  const { endpoints, places, size } = upstreamOf(cluster, configuration({}), { version: "v2" });
  expect(endpoints).toMatchObject([{ address: "10.0.0.2", share: 1 }]);
  expect(places).toHaveLength(1);
  expect(size).toBe(2);
});
