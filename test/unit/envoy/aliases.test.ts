/** Where requests and connections go that name a service by another name of it (an ExternalName). */
import { describe, expect, test } from "vitest";
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

const ALIAS = "alias.default.svc.cluster.local";

test("the other name's own VirtualService goes before for its full name, where it says something of the caller", () => {
  const shop = routing("a", `{ hosts: [shop], http: [{ ${to("other", 80)} }] }`);
  const own = (match: string): string =>
    routing("b", `{ hosts: [alias], http: [{ match: [${match}], ${to("shop", 90)} }] }`);
  const by = (name: string, ...texts: readonly string[]): readonly string[] | undefined =>
    clustersOf(hostIn(sentTo(SIDECAR, ...SERVICES, ...texts).routes.get("80"), name));
  expect(by(ALIAS, shop, own("{ sourceNamespace: default }"))).toEqual([cluster("shop", 90)]);
  expect(by("alias", shop, own("{ sourceNamespace: default }"))).toEqual([cluster("other")]);
  expect(by(ALIAS, shop, own("{ sourceNamespace: elsewhere }"))).toEqual([cluster("other")]);
  expect(by("alias", shop, own("{ sourceNamespace: elsewhere }"))).toEqual([cluster("other")]);
});

describe("a VirtualService for another name of a service", () => {
  const shop = (ports: string): string =>
    service("shop", `{ clusterIP: 10.96.0.1, ports: [${ports}, { name: tcp, port: 90 }] }`);
  const SHOP = shop("{ name: http, port: 80 }, { name: http-more, port: 8080 }");
  const named = (ports: string): string =>
    service(
      "alias",
      `{ type: ExternalName, externalName: shop.default.svc.cluster.local, ports: [${ports}] }`,
    );
  const OWN = routing("own", `{ hosts: [alias], http: [{ ${to("other", 80)} }] }`);
  const [, OTHER = ""] = SERVICES;
  const BY_PROXY = { ...SIDECAR, metadata: { ...SIDECAR.metadata, INTERCEPTION_MODE: "NONE" } };
  const reached = (
    { routes }: ProxyConfiguration,
    table: string,
    ...domains: readonly string[]
  ): readonly (readonly string[] | undefined)[] =>
    domains.map((domain) => clustersOf(hostIn(routes.get(table), domain)));

  test("counts for the full name on port 80, and nowhere else", () => {
    const sent = sentTo(SIDECAR, SHOP, OTHER, named(""), OWN);
    expect(reached(sent, "80", ALIAS, "alias")).toEqual([[cluster("other")], [cluster("shop")]]);
    const more = [cluster("shop", 8080)];
    expect(reached(sent, "8080", ALIAS, "alias")).toEqual([more, more]);
  });

  test("counts for all of its names on the ports that the other name says that it has", () => {
    const sent = sentTo(SIDECAR, SHOP, OTHER, named("{ name: http, port: 8080 }"), OWN);
    expect(reached(sent, "80", ALIAS, "alias")).toEqual([[cluster("other")], [cluster("shop")]]);
    const own = [cluster("other")];
    expect(reached(sent, "8080", ALIAS, "alias")).toEqual([own, own]);
  });

  test("counts on port 80 where the service has no such port", () => {
    const more = shop("{ name: http-more, port: 8080 }");
    const sent = sentTo(SIDECAR, more, OTHER, named(""), OWN);
    expect(reached(sent, "80", ALIAS, "alias")).toEqual([[cluster("other")], undefined]);
  });

  test("leaves the rest to one for a wildcard that the service is one of", () => {
    const wild = routing(
      "wild",
      `{ hosts: ["*.default.svc.cluster.local"], http: [{ ${to("shop", 8080)} }] }`,
    );
    const sent = sentTo(SIDECAR, SHOP, OTHER, named(""), OWN, wild);
    const byWildcard = [cluster("shop", 8080)];
    expect(reached(sent, "80", ALIAS, "alias")).toEqual([[cluster("other")], byWildcard]);
    expect(reached(sent, "8080", ALIAS, "alias")).toEqual([byWildcard, byWildcard]);
  });

  test("counts alike for an HTTP proxy", () => {
    const sent = sentTo(BY_PROXY, SHOP, OTHER, named(""), OWN);
    const domains = [ALIAS, `${ALIAS}:80`, "alias", "alias:8080", `${ALIAS}:8080`];
    expect(reached(sent, "http_proxy", ...domains)).toEqual([
      [cluster("other")],
      [cluster("other")],
      [cluster("shop")],
      [cluster("shop", 8080)],
      [cluster("shop", 8080)],
    ]);
  });

  test("says nothing of tunnels to ports of TCP, whose connections are those of the service", () => {
    const own = routing("own", `{ hosts: [alias], tcp: [{ ${to("other", 80)} }] }`);
    const ofService = routing("service", `{ hosts: [shop], tcp: [{ ${to("shop", 8080)} }] }`);
    const through = (...texts: readonly string[]) =>
      reached(sentTo(BY_PROXY, SHOP, OTHER, named(""), ...texts), "http_proxy", "alias:90");
    expect(through(own)).toEqual([[cluster("shop", 90), cluster("shop", 90)]]);
    expect(through(own, ofService)).toEqual([[cluster("shop", 8080), cluster("shop", 8080)]]);
  });
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
