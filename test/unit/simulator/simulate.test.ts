import { expect, test } from "vitest";
import { any } from "../../../src/envoy/any.js";
import type { RouteConfigurationJson, RouteMatchJson } from "../../../src/envoy/api.js";
import type { Call } from "../../../src/simulator/call.js";
import { simulate } from "../../../src/simulator/simulate.js";
import { matchVirtualHost } from "../../../src/simulator/virtual-host-match.js";
import {
  call,
  configuration,
  httpChain,
  inspectors,
  listener,
  request,
  tcpChain,
} from "./calls.js";

const CAPTURE = listener("0.0.0.0", 15001, {
  useOriginalDst: true,
  filterChains: [tcpChain("unknown")],
});
const OWN = listener("10.0.0.1", 80, { bindToPort: false, filterChains: [tcpChain("own")] });
const SHARED = listener("0.0.0.0", 80, { bindToPort: false, filterChains: [tcpChain("shared")] });

test.each([
  ["an address that has a listener goes to it", "10.0.0.1", 80, "10.0.0.1_80"],
  ["another address goes to the listener of the port", "10.0.0.2", 80, "0.0.0.0_80"],
  ["a port without listener stays where it was captured", "10.0.0.1", 81, "0.0.0.0_15001"],
  ["IPv6 is not served by a listener on all addresses of IPv4", "fd00::1", 80, "0.0.0.0_15001"],
])("a captured connection: %s", (_what, address, port, expected) => {
  const known = configuration({ listeners: [CAPTURE, SHARED, OWN] });
  const outcome = simulate(known, call({ direction: "outbound", destination: { address, port } }));
  expect(outcome.listener).toBe(expected);
});

test("a listener that is not bound takes no connections from outside", () => {
  const outcome = simulate(configuration({ listeners: [OWN] }), call({}));
  expect(outcome.error).toBe("no-listener");
});

const RAW = { transportProtocol: "raw_buffer" };

test.each<[string, Partial<Call>, string | undefined]>([
  ["a longer prefix goes before a shorter one", {}, "narrow"],
  ["an exact name goes before a wildcard", tls("a.example.com"), "exact"],
  ["a longer wildcard goes before a shorter one", tls("b.sub.example.com"), "sub"],
  ["an unknown name is nobody's", tls("example.org"), undefined],
])("filter chains: %s", (_what, given, expected) => {
  const chains = listener("0.0.0.0", 80, {
    listenerFilters: inspectors("tls_inspector"),
    filterChains: [
      tcpChain("wide", { prefixRanges: [{ addressPrefix: "10.0.0.0", prefixLen: 8 }] }),
      tcpChain("narrow", { prefixRanges: [{ addressPrefix: "10.0.0.0", prefixLen: 24 }] }),
      tcpChain("exact", { serverNames: ["a.example.com"] }),
      tcpChain("wild", { serverNames: ["*.example.com"] }),
      tcpChain("sub", { serverNames: ["*.sub.example.com"] }),
    ],
  });
  const outcome = simulate(configuration({ listeners: [chains] }), call(given));
  expect(outcome.filterChain).toBe(expected);
});

function tls(serverName: string): Partial<Call> {
  return {
    destination: { address: "192.0.2.1", port: 80 },
    encryption: "tls",
    serverName,
  };
}

test("there is no way back from a condition that fitted to a chain that asks for less", () => {
  const chains = [tcpChain("http", { ...RAW, applicationProtocols: ["http/1.1"] }), tcpChain("x")];
  const without = listener("0.0.0.0", 80, { filterChains: chains });
  const outcome = simulate(configuration({ listeners: [without] }), call({}));
  expect(outcome.error).toBe("no-filter-chain");
  const withDefault = { ...without, defaultFilterChain: tcpChain("rest") };
  const saved = simulate(configuration({ listeners: [withDefault] }), call({}));
  expect(saved.filterChain).toBe("rest");
});

test("without its inspector TLS looks like any bytes", () => {
  const plain = tcpChain("plain", RAW);
  const encrypted = tcpChain("tls", { transportProtocol: "tls" });
  const open = listener("0.0.0.0", 80, { filterChains: [plain, encrypted] });
  const disabled = { destinationPortRange: { start: 80, end: 81 } };
  const inspecting = { ...open, listenerFilters: inspectors("tls_inspector") };
  const excepted = {
    ...open,
    listenerFilters: inspecting.listenerFilters.map((one) => ({
      ...one,
      filterDisabled: disabled,
    })),
  };
  const chainOf = (one: typeof open): string | undefined =>
    simulate(configuration({ listeners: [one] }), call({ encryption: "tls" })).filterChain;
  expect([open, inspecting, excepted].map(chainOf)).toEqual(["plain", "tls", "plain"]);
});

const MESH_TLS = {
  name: "tls",
  typedConfig: any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
    commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: "default" }] },
  }),
};

test.each([
  ["plaintext", "tls-expected"],
  ["tls", "certificate-refused"],
  ["mesh-tls", "no-cluster"],
] as const)("a chain with the workload's certificate is called in %s: %s", (encryption, error) => {
  const chain = { ...tcpChain("application"), transportSocket: MESH_TLS };
  const server = listener("0.0.0.0", 80, { filterChains: [chain] });
  const outcome = simulate(configuration({ listeners: [server] }), call({ encryption }));
  expect(outcome.error).toBe(error);
});

test.each([
  ["bytes", call({})],
  ["TLS that nobody terminated", call({ encryption: "tls", request: request({}) })],
])("%s are an error where HTTP is read", (_what, given) => {
  const server = listener("0.0.0.0", 80, { filterChains: [httpChain([])] });
  expect(simulate(configuration({ listeners: [server] }), given).error).toBe("protocol-error");
});

test.each([
  ["shop.example.com", "exact"],
  ["SHOP.example.com:8080", "exact"],
  ["a.example.com", "suffix"],
  ["b.a.example.com", "longer suffix"],
  ["shop.internal", "prefix"],
  ["anything", "rest"],
])("the virtual host of %s is %s", (authority, expected) => {
  const host = (name: string, domain: string) => ({ name, domains: [domain] });
  const routes: RouteConfigurationJson = {
    ignorePortInHostMatching: true,
    virtualHosts: [
      host("rest", "*"),
      host("suffix", "*.example.com"),
      host("longer suffix", "*.a.example.com"),
      host("prefix", "shop.*"),
      host("exact", "shop.example.com"),
    ],
  };
  expect(matchVirtualHost(routes, authority)?.virtualHost.name).toBe(expected);
});

test.each<[string, RouteMatchJson, boolean]>([
  ["a prefix", { prefix: "/cart" }, true],
  ["a prefix in another case", { prefix: "/CART" }, false],
  ["a prefix whatever its case", { prefix: "/CART", caseSensitive: false }, true],
  ["a path, without the query", { path: "/cart/1" }, true],
  ["a regex for a part of the path", { safeRegex: { regex: "/cart" } }, false],
  ["a regex for all of it", { safeRegex: { regex: "/cart/\\d" } }, true],
  ["a path of which it is a part", { pathSeparatedPrefix: "/car" }, false],
  [
    "a method",
    { prefix: "/", headers: [{ name: ":method", stringMatch: { exact: "GET" } }] },
    true,
  ],
  [
    "a header that is missing",
    { prefix: "/", headers: [{ name: "x", presentMatch: true }] },
    false,
  ],
  [
    "a header that is to be missing",
    { prefix: "/", headers: [{ name: "x", presentMatch: true, invertMatch: true }] },
    true,
  ],
  [
    "a query parameter",
    { prefix: "/", queryParameters: [{ name: "a", stringMatch: { prefix: "on" } }] },
    true,
  ],
  ["a tunnel", { connectMatcher: {} }, false],
])("a route by %s takes GET /cart/1?a=one: %s", (_what, match, expected) => {
  const chain = httpChain([{ name: "route", match, route: { cluster: "shop" } }]);
  const server = listener("0.0.0.0", 80, { filterChains: [chain] });
  const given = call({ request: request({ path: "/cart/1?a=one" }) });
  const outcome = simulate(configuration({ listeners: [server] }), given);
  expect(outcome.route === "route").toBe(expected);
});

test.each([
  ["as it was sent", "%31", false],
  ["up to the next parameter", "1?b=2", false],
  ["the first of several", "1&a=2", true],
  ["the first of several, another", "2&a=1", false],
])("the value of a query parameter is taken %s: a=%s", (_what, value, expected) => {
  const match = { prefix: "/", queryParameters: [{ name: "a", stringMatch: { exact: "1" } }] };
  const chain = httpChain([{ name: "route", match, route: { cluster: "shop" } }]);
  const server = listener("0.0.0.0", 80, { filterChains: [chain] });
  const given = call({ request: request({ path: `/?a=${value}` }) });
  const outcome = simulate(configuration({ listeners: [server] }), given);
  expect(outcome.route === "route").toBe(expected);
});

const QUESTION = { origin: "https://a.example", "access-control-request-method": "PUT" };
const OTHER = { ...QUESTION, origin: "https://b.example" };

test.each<[string, boolean, Parameters<typeof request>[0], object]>([
  ["of an origin that is allowed", true, { headers: QUESTION }, {}],
  ["of another one", false, { headers: OTHER }, {}],
  [
    "of another one, where none goes further",
    true,
    { headers: OTHER },
    { forwardNotMatchingPreflights: false },
  ],
  [
    "of any, where all are allowed",
    true,
    { headers: OTHER },
    { allowOriginStringMatch: [{ exact: "*" }] },
  ],
  ["by another method", false, { method: "GET", headers: QUESTION }, {}],
  ["without a question", false, { headers: { origin: "https://a.example" } }, {}],
  ["of no origin", false, { headers: { "access-control-request-method": "PUT" } }, {}],
])("a browser's question %s is answered by the proxy: %s", (_what, expected, asked, policy) => {
  const cors = {
    allowOriginStringMatch: [{ exact: "https://a.example" }],
    forwardNotMatchingPreflights: true,
    ...policy,
  };
  const typedPerFilterConfig = {
    "envoy.filters.http.cors": any("envoy.extensions.filters.http.cors.v3.CorsPolicy", cors),
  };
  const route = { match: { prefix: "/" }, route: { cluster: "shop" }, typedPerFilterConfig };
  const server = listener("0.0.0.0", 80, { filterChains: [httpChain([route])] });
  const known = configuration({ listeners: [server], clusters: [{ name: "shop" }] });
  const given = call({ request: request({ method: "OPTIONS", ...asked }) });
  expect(simulate(known, given).answer).toEqual(expected ? { status: 200 } : undefined);
});

test("a route that answers by itself is asked no question of a browser", () => {
  const cors = { allowOriginStringMatch: [{ exact: "https://a.example" }] };
  const route = {
    match: { prefix: "/" },
    directResponse: { status: 204 },
    typedPerFilterConfig: {
      "envoy.filters.http.cors": any("envoy.extensions.filters.http.cors.v3.CorsPolicy", cors),
    },
  };
  const server = listener("0.0.0.0", 80, { filterChains: [httpChain([route])] });
  const given = call({ request: request({ method: "OPTIONS", headers: QUESTION }) });
  expect(simulate(configuration({ listeners: [server] }), given).answer).toEqual({ status: 204 });
});

test("an outcome names all that a request went through, and why", () => {
  const route = {
    name: "canary",
    match: { prefix: "/" },
    route: {
      weightedClusters: {
        clusters: [
          { name: "v1", weight: 90 },
          { name: "v2", weight: 10 },
        ],
      },
    },
  };
  const server = listener("0.0.0.0", 80, { filterChains: [httpChain([route])] });
  const known = configuration({ listeners: [server], clusters: [{ name: "v1" }, { name: "v2" }] });
  expect(simulate(known, call({ request: request({}) }))).toEqual({
    listener: "0.0.0.0_80",
    filterChain: "http",
    virtualHost: "all",
    route: "canary",
    clusters: [
      { name: "v1", weight: 90 },
      { name: "v2", weight: 10 },
    ],
    reasons: [
      "listener 0.0.0.0_80: it is for port 80 of every address",
      "filter chain http: it is the only one",
      "virtual host all: its domain * stands for shop.example.com",
      "route canary is the first that takes the request",
      "it goes to v1, v2",
    ],
  });
});
