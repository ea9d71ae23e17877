/** What single patches make of what they are applied to. */
import { expect, test } from "vitest";
import type { EnvoyConfigObjectPatch } from "../../../../src/config/kinds/networking/envoy-patch.js";
import type {
  ClusterJson,
  ListenerJson,
  RouteConfigurationJson,
} from "../../../../src/envoy/api.js";
import {
  type CompiledPatch,
  compilePatch,
  type PatchTarget,
} from "../../../../src/envoy/patch/compiled-patch.js";
import { patchCluster } from "../../../../src/envoy/patch/patch-cluster.js";
import { patchListener } from "../../../../src/envoy/patch/patch-listener.js";
import type { PatchContext } from "../../../../src/envoy/patch/patch-message.js";
import { patchRouteConfiguration } from "../../../../src/envoy/patch/patch-routes.js";
import { byTarget } from "../../../../src/envoy/patch/patched-resource.js";
import { forServers, matchesRoutes } from "../../../../src/envoy/patch/route-match.js";
import { goldenEncoder } from "../../golden/golden-case.js";

const encoder = goldenEncoder();
const source = { kind: "EnvoyFilter", namespace: "default", name: "one" } as const;

function compile(patch: EnvoyConfigObjectPatch): CompiledPatch {
  const compiled = compilePatch(encoder, {
    ...{ ...patch, source },
    ...{ index: 0, path: ["spec", "configPatches", 0] },
  });
  if (typeof compiled === "string") throw new Error(compiled);
  return compiled;
}

/** What a patch puts somewhere. */
type Value = Readonly<Record<string, unknown>>;

const contextOf = (...patches: readonly EnvoyConfigObjectPatch[]): PatchContext => ({
  registry: encoder.registry,
  patches: byTarget(patches.map(compile)),
});

const PACKED = "type.googleapis.com/envoy.extensions";
const TLS = { "@type": `${PACKED}.transport_sockets.tls.v3.UpstreamTlsContext` };
const tls = (name: string, fields: object = {}) => ({
  name,
  typedConfig: { ...TLS, ...fields },
});

const mergeCluster = (value: Value): PatchContext =>
  contextOf({ applyTo: "CLUSTER", patch: { operation: "MERGE", value } });

test.each<[string, ClusterJson, Value, ClusterJson]>([
  [
    "a transport socket is merged with that of its name, and nothing else is",
    { transportSocket: tls("tls", { sni: "a" }), connectTimeout: "1s" },
    { transportSocket: tls("tls", { maxSessionKeys: 1 }), connectTimeout: "9s" },
    { transportSocket: tls("tls", { sni: "a", maxSessionKeys: 1 }), connectTimeout: "1s" },
  ],
  [
    "a transport socket of another name takes the place of the one that is there",
    { transportSocket: tls("tls", { sni: "a" }) },
    { transportSocket: tls("other", { maxSessionKeys: 1 }) },
    { transportSocket: tls("other", { maxSessionKeys: 1 }) },
  ],
  [
    "of several ways to connect the first of the name is changed",
    {
      transportSocketMatches: [
        { name: "a", transportSocket: tls("tls") },
        { name: "b", transportSocket: tls("tls") },
      ],
    },
    { transportSocket: tls("tls", { sni: "a" }) },
    {
      transportSocketMatches: [
        { name: "a", transportSocket: tls("tls", { sni: "a" }) },
        { name: "b", transportSocket: tls("tls") },
      ],
    },
  ],
  [
    "of several ways to connect none is changed when none has the name",
    { transportSocketMatches: [{ name: "a", transportSocket: tls("tls") }] },
    { transportSocket: tls("other") },
    { transportSocketMatches: [{ name: "a", transportSocket: tls("tls") }] },
  ],
])("of a cluster: %s", (_what, cluster, value, expected) => {
  expect(patchCluster(cluster, mergeCluster(value))).toEqual(expected);
});

test("a cluster by which mutual TLS is passed on is found by its port, subset and service", () => {
  const context = contextOf({
    applyTo: "CLUSTER",
    match: { cluster: { portNumber: 80, subset: "v1", service: "a.example.com" } },
    patch: { operation: "REMOVE" },
  });
  expect(patchCluster({ name: "outbound_.80_.v1_.a.example.com" }, context)).toBeUndefined();
  const other = { name: "outbound_.81_.v1_.a.example.com" };
  expect(patchCluster(other, context)).toBe(other);
});

test.each<[PatchTarget, string]>([
  ["CLUSTER", "ADD"],
  ["VIRTUAL_HOST", "ADD"],
  ["LISTENER", "ADD"],
  ["FILTER_CHAIN", "ADD"],
  ["EXTENSION_CONFIG", "ADD"],
  ["LISTENER_FILTER", "INSERT_BEFORE"],
  ["NETWORK_FILTER", "INSERT_BEFORE"],
  ["HTTP_FILTER", "INSERT_BEFORE"],
  ["HTTP_ROUTE", "INSERT_BEFORE"],
])("what is inserted as a %s is put there by %s", (applyTo, expected) => {
  const value = { name: "a" };
  const { operation } = compile({ applyTo, patch: { operation: "INSERT_BEFORE", value } });
  expect(operation).toBe(expected);
});

const LUA = { "@type": `${PACKED}.filters.http.lua.v3.Lua` };
const MANAGER = "envoy.filters.network.http_connection_manager";

function listenerWith(filter: object): ListenerJson {
  const typedConfig = {
    "@type": `${PACKED}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    httpFilters: [filter],
  };
  return { name: "a", filterChains: [{ filters: [{ name: MANAGER, typedConfig }] }] };
}

const mergeFilter = (name: string, value: Value): EnvoyConfigObjectPatch => ({
  applyTo: "HTTP_FILTER",
  match: { listener: { filterChain: { filter: { name: MANAGER, subFilter: { name } } } } },
  patch: { operation: "MERGE", value },
});

test.each<[string, object, readonly EnvoyConfigObjectPatch[], object]>([
  [
    "its name and its configuration are merged, and nothing else is",
    { name: "lua", typedConfig: { ...LUA, statPrefix: "a" } },
    [mergeFilter("lua", { name: "b", disabled: true, typedConfig: { ...LUA, inlineCode: "--" } })],
    { name: "b", typedConfig: { ...LUA, statPrefix: "a", inlineCode: "--" } },
  ],
  [
    "a configuration of another type is not merged",
    { name: "lua", typedConfig: { ...LUA, statPrefix: "a" } },
    [mergeFilter("lua", { name: "b", typedConfig: TLS })],
    { name: "lua", typedConfig: { ...LUA, statPrefix: "a" } },
  ],
  [
    "one that has no configuration stays as it is",
    { name: "lua" },
    [mergeFilter("lua", { name: "b", typedConfig: LUA })],
    { name: "lua" },
  ],
  [
    "a later patch finds it by the name that an earlier one gave it",
    { name: "lua", typedConfig: LUA },
    [mergeFilter("lua", { name: "b" }), mergeFilter("b", { name: "c" })],
    { name: "c", typedConfig: LUA },
  ],
])("of an HTTP filter: %s", (_what, filter, patches, expected) => {
  expect(patchListener(listenerWith(filter), contextOf(...patches))).toEqual(
    listenerWith(expected),
  );
});

test("listener filters are merged where one is named", () => {
  const type = `${PACKED}.filters.listener.tls_inspector.v3.TlsInspector`;
  const filter = { name: "tls", typedConfig: { "@type": type, enableJa3Fingerprinting: true } };
  const value = { name: "tls", typedConfig: { "@type": type, initialReadBufferSize: 512 } };
  const patched = (listenerFilter?: string): ListenerJson | undefined =>
    patchListener(
      { name: "a", listenerFilters: [filter] },
      contextOf({
        applyTo: "LISTENER_FILTER",
        match: { listener: listenerFilter === undefined ? {} : { listenerFilter } },
        patch: { operation: "MERGE", value },
      }),
    );
  expect(patched()?.listenerFilters).toEqual([filter]);
  expect(patched("tls")?.listenerFilters).toEqual([
    {
      name: "tls",
      typedConfig: { "@type": type, enableJa3Fingerprinting: true, initialReadBufferSize: 512 },
    },
  ]);
});

test("a chain's transport socket is merged alone, and set with all else where there is none", () => {
  const value = { name: "b", transportSocket: tls("tls", { maxSessionKeys: 1 }) };
  const context = contextOf({ applyTo: "FILTER_CHAIN", patch: { operation: "MERGE", value } });
  const patched = (chain: object): object | undefined =>
    patchListener({ name: "a", filterChains: [{ ...chain, filters: [] }] }, context)
      ?.filterChains?.[0];
  expect(patched({ name: "a", transportSocket: tls("tls", { sni: "a" }) })).toEqual({
    name: "a",
    filters: [],
    transportSocket: tls("tls", { sni: "a", maxSessionKeys: 1 }),
  });
  expect(patched({ name: "a" })).toEqual({ ...value, filters: [] });
});

test("a network filter that is configured elsewhere takes its configuration from an EnvoyFilter", () => {
  const typedConfig = { "@type": `${PACKED}.filters.network.echo.v3.Echo` };
  const context = contextOf({
    applyTo: "EXTENSION_CONFIG",
    patch: { operation: "ADD", value: { name: "echo", typedConfig } },
  });
  const filters = [{ name: "echo", configDiscovery: {} }];
  const patched = patchListener({ name: "a", filterChains: [{ filters }] }, context);
  expect(patched?.filterChains).toEqual([{ filters: [{ name: "echo", typedConfig }] }]);
});

const ROUTES: RouteConfigurationJson = {
  name: "80",
  virtualHosts: [{ name: "a", domains: ["a"], routes: [{ name: "one", redirect: {} }] }],
};

test("routes of a virtual host that takes another's place are found by its name", () => {
  const context = contextOf(
    {
      applyTo: "VIRTUAL_HOST",
      match: { routeConfiguration: { vhost: { name: "a" } } },
      patch: { operation: "REPLACE", value: { name: "b", domains: ["a"] } },
    },
    {
      applyTo: "HTTP_ROUTE",
      match: { routeConfiguration: { vhost: { name: "b" } } },
      patch: { operation: "ADD", value: { name: "two" } },
    },
  );
  expect(patchRouteConfiguration(ROUTES, context).virtualHosts).toEqual([
    { name: "b", domains: ["a"], routes: [{ name: "two" }] },
  ]);
});

test("virtual hosts that are merged come behind those that are there, and are patched as they are", () => {
  const context = contextOf(
    {
      applyTo: "ROUTE_CONFIGURATION",
      patch: { operation: "MERGE", value: { virtualHosts: [{ name: "b", domains: ["b"] }] } },
    },
    {
      applyTo: "VIRTUAL_HOST",
      patch: { operation: "MERGE", value: { responseHeadersToRemove: ["x"] } },
    },
  );
  const { virtualHosts = [] } = patchRouteConfiguration(ROUTES, context);
  expect(virtualHosts.map((host) => [host.name, host.responseHeadersToRemove])).toEqual([
    ["a", ["x"]],
    ["b", ["x"]],
  ]);
});

test("a route is found by the name that an earlier patch gave it, whatever it does when there is no word for that", () => {
  const named = (name: string, value: Value): EnvoyConfigObjectPatch => ({
    applyTo: "HTTP_ROUTE",
    match: { routeConfiguration: { vhost: { name: "a", route: { name, action: "ROUTE" } } } },
    patch: { operation: "MERGE", value },
  });
  const routes = (route: object): RouteConfigurationJson => ({
    name: "80",
    virtualHosts: [{ name: "a", routes: [route] }],
  });
  const context = contextOf(named("one", { name: "two" }), named("two", { name: "three" }));
  const after = (route: object): object =>
    patchRouteConfiguration(routes({ name: "one", ...route }), context);
  expect(after({ route: {} })).toEqual(routes({ name: "three", route: {} }));
  expect(after({ nonForwardingAction: {} })).toEqual(
    routes({ name: "three", nonForwardingAction: {} }),
  );
  expect(after({ redirect: {} })).toEqual(routes({ name: "one", redirect: {} }));
});

test.each<[number, readonly string[]]>([
  [80, ["http.8080"]],
  [8080, []],
  [443, ["https.443.https.edge.default"]],
  [9000, ["http.9000"]],
])("on a gateway port %i is that of a server, wherever it listens", (portNumber, expected) => {
  const patch = compile({
    applyTo: "ROUTE_CONFIGURATION",
    match: { context: "GATEWAY", routeConfiguration: { portNumber } },
    patch: { operation: "MERGE", value: {} },
  });
  const routes = [
    { name: "http.8080", ports: [80] },
    { name: "https.443.https.edge.default", ports: [443] },
  ];
  const own = forServers(patch, { routes, served: [] });
  const names = ["http.8080", "https.443.https.edge.default", "http.9000"];
  expect(names.filter((name) => matchesRoutes(name, own))).toEqual(expected);
});
