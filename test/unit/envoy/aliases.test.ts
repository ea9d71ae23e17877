/** Where requests and connections go that name a service by another name of it (an ExternalName). */
import { expect, test } from "vitest";
import type { ProxyConfiguration } from "../../../src/simulator/configuration.js";
import { clustersOf, GATEWAY, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const service = (name: string, spec: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: ${spec}`;

const SERVICES = [
  service(
    "shop",
    "{ clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }, { name: tcp, port: 90 }] }",
  ),
  service("other", "{ clusterIP: 10.96.0.2, ports: [{ name: http, port: 80 }] }"),
  service("alias", "{ type: ExternalName, externalName: shop.default.svc.cluster.local }"),
];

/** A service of another namespace, and another name of it. */
const OF_SHOPS = [
  `apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shops }
spec: { clusterIP: 10.96.0.3, ports: [{ name: http, port: 80 }] }`,
  service("far", "{ type: ExternalName, externalName: shop.shops.svc.cluster.local }"),
];

const routing = (name: string, spec: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec: ${spec}`;

const to = (host: string, port: number): string =>
  `route: [{ destination: { host: ${host}, port: { number: ${port} } } }]`;

const cluster = (name: string, port = 80): string =>
  `outbound|${port}||${name}.default.svc.cluster.local`;

const byAlias = (...texts: readonly string[]): readonly string[] | undefined =>
  clustersOf(hostIn(sentTo(SIDECAR, ...SERVICES, ...texts).routes.get("80"), "alias"));

test.each([
  ["the service", "shop"],
  ["a wildcard", '"*.default.svc.cluster.local"'],
  ["a wildcard that only the service is one of", '"*.shops.svc.cluster.local"'],
])("requests by another name are routed by the VirtualService of %s", (_whose, host) => {
  const routed = routing("routes", `{ hosts: [${host}], http: [{ ${to("other", 80)} }] }`);
  const { routes } = sentTo(SIDECAR, ...SERVICES, ...OF_SHOPS, routed);
  const names = host.includes("shops") ? ["far"] : ["alias", "shop"];
  for (const name of names) {
    expect(clustersOf(hostIn(routes.get("80"), name))).toEqual([cluster("other")]);
  }
});

test("the other name's own VirtualService goes before, where it says something of the caller", () => {
  const shop = routing("a", `{ hosts: [shop], http: [{ ${to("other", 80)} }] }`);
  const own = (match: string): string =>
    routing("b", `{ hosts: [alias], http: [{ match: [${match}], ${to("shop", 90)} }] }`);
  expect(byAlias(shop, own("{ sourceNamespace: default }"))).toEqual([cluster("shop", 90)]);
  expect(byAlias(shop, own("{ sourceNamespace: elsewhere }"))).toEqual([cluster("other")]);
});

const destinedClusters = ({ clusters }: ProxyConfiguration): readonly string[] =>
  [...clusters.values()].flatMap(({ name = "" }) => (name.startsWith("outbound|") ? [name] : []));

test("who sends requests, copies or connections to the other name sends them to the service", () => {
  const sent = sentTo(
    SIDECAR,
    ...SERVICES,
    routing(
      "routes",
      `{ hosts: [other], http: [{ ${to("alias", 80)}, mirror: { host: alias, port: { number: 80 } } }] }`,
    ),
    routing("connections", `{ hosts: [shop], tcp: [{ ${to("alias", 80)} }] }`),
  );
  const [route] = hostIn(sent.routes.get("80"), "other")?.routes ?? [];
  expect(route?.route?.cluster).toBe(cluster("shop"));
  expect(route?.route?.requestMirrorPolicies?.map((one) => one.cluster)).toEqual([cluster("shop")]);
  const listener = sent.listeners.get("10.96.0.1_90");
  const chains = [...(listener?.filterChains ?? []), listener?.defaultFilterChain];
  expect(JSON.stringify(chains)).toContain(`"cluster":"${cluster("shop")}"`);
  expect(destinedClusters(sent)).not.toContain(cluster("alias"));
});

test("a gateway that sends requests to the other name sends them to the service", () => {
  const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gateway }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]`;
  const routed = routing(
    "routes",
    `{ hosts: ["*"], gateways: [gateway], http: [{ ${to("alias", 80)} }] }`,
  );
  const sent = sentTo(GATEWAY, ...SERVICES, gateway, routed);
  expect(clustersOf(hostIn(sent.routes.get("http.80"), "*"))).toEqual([cluster("shop")]);
  expect(destinedClusters(sent)).toContain(cluster("shop"));
});

test("a Sidecar that imports the other name alone reaches the service by it", () => {
  const sidecar = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [{ hosts: [./alias.default.svc.cluster.local] }] }`;
  const sent = sentTo(SIDECAR, ...SERVICES, sidecar);
  expect(clustersOf(hostIn(sent.routes.get("80"), "alias"))).toEqual([cluster("shop")]);
  expect(hostIn(sent.routes.get("80"), "shop")).toBeUndefined();
  expect(destinedClusters(sent)).toEqual([cluster("shop"), cluster("shop", 90)]);
});

test("an HTTP proxy takes requests and tunnels for all ports by the other name", () => {
  const proxied = { ...SIDECAR, metadata: { ...SIDECAR.metadata, INTERCEPTION_MODE: "NONE" } };
  const ports = "[{ name: http, port: 80 }, { port: 81 }, { name: tcp, port: 90 }]";
  const { routes } = sentTo(
    proxied,
    service("shop", `{ clusterIP: 10.96.0.1, ports: ${ports} }`),
    service("alias", "{ type: ExternalName, externalName: shop.default.svc.cluster.local }"),
  );
  const through = (domain: string): readonly string[] | undefined =>
    clustersOf(hostIn(routes.get("http_proxy"), domain));
  expect(through("alias:80")).toEqual([cluster("shop")]);
  expect(through("alias:81")).toEqual([cluster("shop", 81), cluster("shop", 81)]);
  expect(through("alias:90")).toEqual([cluster("shop", 90), cluster("shop", 90)]);
  expect(clustersOf(hostIn(routes.get("81"), "alias"))).toEqual([cluster("shop", 81)]);
});

const aliasTo = (name: string, target: string): string =>
  service(name, `{ type: ExternalName, externalName: ${target}.default.svc.cluster.local }`);

test("another name of another name is one of the service", () => {
  const chain = [aliasTo("second", "alias"), aliasTo("third", "second")];
  const routed = routing("routes", `{ hosts: [other], http: [{ ${to("third", 80)} }] }`);
  const { routes } = sentTo(SIDECAR, ...SERVICES, ...chain, routed);
  for (const name of ["alias", "second", "third", "other"]) {
    expect(clustersOf(hostIn(routes.get("80"), name))).toEqual([cluster("shop")]);
  }
});

test("names that name each other keep nothing else from what it stands for", () => {
  const loop = [aliasTo("a", "b"), aliasTo("b", "a"), aliasTo("c", "a")];
  expect(byAlias(...loop)).toEqual([cluster("shop")]);
});
