import { describe, expect, it } from "vitest";
import { findingsOf, tryRows } from "../findings-of.js";

const change = (one: object) => ({
  configPatches: [{ applyTo: "CLUSTER", patch: { operation: "REMOVE" }, ...one }],
});
const HCM = "envoy.filters.network.http_connection_manager";
const PATCH = "spec.configPatches[0]";

describe("an EnvoyFilter", () => {
  const labels = { app: "a" };
  tryRows("EnvoyFilter", [
    ["changes something", change({ applyTo: undefined }), [`${PATCH}.applyTo`]],
    ["says how", { configPatches: [{ applyTo: "CLUSTER" }] }, [`${PATCH}.patch`]],
    ["does something", change({ patch: {} }), [`${PATCH}.patch.operation`]],
    [
      "needs a value for all but to remove",
      change({ patch: { operation: "ADD" } }),
      [`${PATCH}.patch.value`],
    ],
    ["can have an empty value", change({ patch: { operation: "MERGE", value: {} } }), []],
    [
      "takes no types of Envoy's old API",
      change({
        patch: {
          operation: "ADD",
          value: { a: [{ "@type": "type.googleapis.com/envoy.config.filter.http.lua.v2.Lua" }] },
        },
      }),
      [`${PATCH}.patch.value.a[0]["@type"]`],
    ],
    [
      "takes types of other APIs of a version 2",
      change({
        patch: {
          operation: "ADD",
          value: {
            "@type":
              "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
          },
        },
      }),
      [],
    ],
    [
      "takes no types that are nobody's but its author's",
      change({
        patch: { operation: "ADD", value: { "@type": "type.googleapis.com/acme.Config" } },
      }),
      [`${PATCH}.patch.value["@type"]`],
    ],
    [
      "says of what type a configuration is",
      change({
        patch: { operation: "ADD", value: { name: "a", typed_config: {}, typedConfig: { a: 1 } } },
      }),
      [`${PATCH}.patch.value.typed_config`, `${PATCH}.patch.value.typedConfig`],
    ],
    [
      "takes any data in a struct",
      change({
        patch: {
          operation: "ADD",
          value: {
            "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
            value: { "@type": "type.googleapis.com/acme.Config" },
          },
        },
      }),
      [],
    ],
    [
      "selects workloads or is attached",
      { workloadSelector: { labels }, targetRefs: [{ kind: "Service", name: "a" }] },
      ["warning spec.targetRefs[0]", "spec.targetRefs"],
    ],
  ]);

  it("says which name a filter has now", () => {
    const listener = { filterChain: { filter: { name: "envoy.tcp_proxy" } } };
    const [finding] = findingsOf(
      "EnvoyFilter",
      change({ applyTo: "NETWORK_FILTER", match: { listener } }),
    );
    expect(finding).toMatchObject({ severity: "warning" });
    expect(finding?.message).toContain("envoy.filters.network.tcp_proxy");
  });
});

describe("the match of an EnvoyFilter", () => {
  const match = (applyTo: string, one: object) => change({ applyTo, match: one });
  const filter = (applyTo: string, one: object) =>
    match(applyTo, { listener: { filterChain: { filter: one } } });
  const MATCH = `${PATCH}.match`;
  const FILTER = `${MATCH}.listener.filterChain.filter`;
  tryRows("EnvoyFilter", [
    [
      "has a version that is a regular expression",
      match("CLUSTER", { proxy: { proxyVersion: "^1\\.(" } }),
      [`${MATCH}.proxy.proxyVersion`],
    ],
    [
      "can match by a long version, which no Envoy is sent",
      match("CLUSTER", { proxy: { proxyVersion: "a".repeat(2000) } }),
      [],
    ],
    ["is of the sort of what is changed", match("LISTENER", { cluster: {} }), [`${MATCH}.cluster`]],
    [
      "is of the sort of routes for what is in them",
      match("HTTP_ROUTE", { listener: {} }),
      [`${MATCH}.listener`],
    ],
    [
      "is of any sort for what Istio has none for",
      match("LISTENER_FILTER", { routeConfiguration: {} }),
      [],
    ],
    [
      "is of one sort",
      match("CLUSTER", { cluster: {}, listener: {} }),
      [`${MATCH}.cluster`, `${MATCH}.listener`],
    ],
    [
      "is that of a waypoint for waypoints",
      match("CLUSTER", { context: "WAYPOINT", waypoint: {} }),
      [],
    ],
    [
      "is at a port that there is",
      match("CLUSTER", { context: "WAYPOINT", waypoint: { portNumber: 70000 } }),
      [`${MATCH}.waypoint.portNumber`],
    ],
    [
      "is that of a waypoint for waypoints only",
      match("CLUSTER", { waypoint: {} }),
      [`${MATCH}.waypoint`],
    ],
    [
      "is no other for waypoints",
      match("CLUSTER", { context: "WAYPOINT", cluster: {} }),
      [`${MATCH}.waypoint`],
    ],
    ["names a filter", filter("HTTP_FILTER", {}), [`${FILTER}.name`]],
    [
      "should name no filter for a listener",
      filter("LISTENER", { name: HCM }),
      [`warning ${FILTER}`],
    ],
    [
      "should name a filter as Envoy does now",
      filter("NETWORK_FILTER", { name: "envoy.client_ssl_auth" }),
      [`warning ${FILTER}.name`],
    ],
    [
      "names a filter within HTTP",
      filter("HTTP_FILTER", { name: HCM, subFilter: {} }),
      [`${FILTER}.subFilter.name`],
    ],
    [
      "names a filter within HTTP only",
      filter("HTTP_FILTER", { name: "a", subFilter: { name: "b" } }),
      [`${FILTER}.subFilter`],
    ],
    [
      "names a filter within another for HTTP filters",
      filter("NETWORK_FILTER", { name: HCM, subFilter: { name: "b" } }),
      [`${FILTER}.subFilter`],
    ],
  ]);
});
