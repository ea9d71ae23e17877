/** What becomes of the connections of a Gateway's server. */
import { expect, test } from "vitest";
import { GATEWAY, sentTo } from "./sent-to.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.1, ports: [{ name: https, port: 443 }] }`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example.com]
  gateways: [istio-system/edge]
  tls:
    - match: [{ sniHosts: [shop.example.com] }]
      route: [{ destination: { host: shop, port: { number: 443 } } }]
  http: [{ route: [{ destination: { host: shop, port: { number: 443 } } }] }]`;

const edge = (tls: string): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [shop.example.com]
      tls: ${tls}`;

test.each([
  ["without a mode, which is that of passing it through,", "{ credentialName: shop }", false],
  ["with a mode of its own", "{ mode: SIMPLE, credentialName: shop }", true],
])("TLS %s ends at the gateway or does not", (_how, tls, ends) => {
  const { listeners, routes } = sentTo(GATEWAY, SHOP, ROUTES, edge(tls));
  const [chain, ...others] = listeners.get("0.0.0.0_443")?.filterChains ?? [];
  expect(others).toEqual([]);
  expect(chain?.filterChainMatch?.serverNames).toEqual(["shop.example.com"]);
  expect(chain?.transportSocket !== undefined).toBe(ends);
  expect(routes.get("https.443.https.edge.istio-system") !== undefined).toBe(ends);
});

test("servers of one port share a listener though only one of them names the address both have", () => {
  const server = (host: string, bind: string): string => `
    - port: { number: 443, name: https-${host}, protocol: HTTPS }
      hosts: [${host}.example.com]
      tls: { mode: SIMPLE, credentialName: ${host} }${bind}`;
  const { listeners } = sentTo(
    GATEWAY,
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: ${server("shop", "")}${server("bank", "\n      bind: 0.0.0.0")}${server("inner", "\n      bind: 127.0.0.1")}`,
  );
  const names = (listener: string) =>
    listeners
      .get(listener)
      ?.filterChains?.flatMap(({ filterChainMatch }) => filterChainMatch?.serverNames ?? []);
  expect(names("0.0.0.0_443")).toEqual(["shop.example.com", "bank.example.com"]);
  expect(names("127.0.0.1_443")).toEqual(["inner.example.com"]);
});

const plain = (host: string, rest = ""): string => `
    - port: { number: 80, name: http-${host}, protocol: HTTP }
      hosts: [${host}.example.com]${rest}`;

const edgeOf = (...servers: readonly string[]): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: ${servers.join("")}`;

const route = (host: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host} }
spec:
  hosts: [${host}.example.com]
  gateways: [istio-system/edge]
  http: [{ route: [{ destination: { host: shop, port: { number: 443 } } }] }]`;

test.each([
  ["the first", plain("shop", "\n      bind: 0.0.0.0"), plain("bank"), "http.80.0.0.0.0"],
  ["the last", plain("shop"), plain("bank", "\n      bind: 0.0.0.0"), "http.80"],
])(
  "servers in plaintext share their routes though only %s names the address both have",
  (_which, first, last, name) => {
    const { listeners, routes } = sentTo(
      GATEWAY,
      SHOP,
      edgeOf(first, last, plain("inner", "\n      bind: 127.0.0.1")),
      ...["shop", "bank", "inner"].map(route),
    );
    expect(listeners.get("0.0.0.0_80")?.filterChains).toHaveLength(1);
    const domains = (table: string) =>
      routes.get(table)?.virtualHosts?.flatMap((host) => host.domains ?? []);
    expect(domains(name)).toEqual(["bank.example.com", "shop.example.com"]);
    expect(domains("http.80.127.0.0.1")).toEqual(["inner.example.com"]);
  },
);
