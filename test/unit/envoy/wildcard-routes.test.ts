/** On which ports a VirtualService for a wildcard is there for hosts of it that no service has. */
import { expect, test } from "vitest";
import type { NodeFields } from "../../../src/mesh/proxy/proxy.js";
import { clustersOf, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }] }`;

const ALL = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all }
spec:
  hosts: ["*.example.com"]
  http: [{ route: [{ destination: { host: shop, port: { number: 80 } } }] }]`;

const entry = (host: string, port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host}-${port} }
spec:
  hosts: [${host}]
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  resolution: DNS`;

const sidecar = (host: string): string => `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [{ hosts: [./shop.default.svc.cluster.local, "./${host}"] }] }`;

/** Where requests for any of the hosts go, on a port. */
const wildcardOn = (port: number, ...texts: readonly string[]): readonly string[] | undefined =>
  clustersOf(hostIn(sentTo(SIDECAR, SHOP, ALL, ...texts).routes.get(`${port}`), "*.example.com"));

const HERE = ["outbound|80||shop.default.svc.cluster.local"];

test("port 80 is for all hosts while no service has one of them there", () => {
  expect(wildcardOn(80)).toEqual(HERE);
  expect(wildcardOn(80, entry("a.example.com", 8080))).toEqual(HERE);
  expect(wildcardOn(80, entry("a.example.com", 80))).toBeUndefined();
});

test("another port is for those of services alone", () => {
  const texts = [entry("a.example.com", 8080)];
  expect(wildcardOn(8080, ...texts)).toBeUndefined();
  const { routes } = sentTo(SIDECAR, SHOP, ALL, ...texts);
  expect(clustersOf(hostIn(routes.get("8080"), "a.example.com"))).toEqual(HERE);
});

test("services that only other namespaces see count for nothing", () => {
  const hidden = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: hidden, namespace: elsewhere }
spec:
  hosts: [a.example.com]
  exportTo: [".", friends]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS`;
  expect(wildcardOn(80, hidden)).toEqual(HERE);
  const from = (namespace: string): readonly string[] | undefined => {
    const node: NodeFields = {
      id: `sidecar~10.0.0.7~caller-0.${namespace}~${namespace}.svc.cluster.local`,
      metadata: {},
    };
    const table = sentTo(node, SHOP, ALL, hidden).routes.get("80");
    return clustersOf(hostIn(table, "*.example.com"));
  };
  expect(from("third")).toEqual(HERE);
  expect(from("elsewhere")).toBeUndefined();
  expect(from("friends")).toBeUndefined();
});

test("services that a Sidecar does not import count for nothing", () => {
  const elsewhere = `${entry("a.example.com", 80)}\n---\n${entry("b.example.com", 8080)}`;
  expect(wildcardOn(80, elsewhere)).toBeUndefined();
  expect(wildcardOn(80, elsewhere, sidecar("b.example.com"))).toEqual(HERE);
});

const WIKI = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wiki }
spec:
  hosts: ["*.wiki.example"]
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: NONE`;

const ENGLISH = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: english }
spec:
  hosts: [en.wiki.example]
  exportTo: ["."]
  tls:
    - match: [{ sniHosts: [en.wiki.example] }]
      route: [{ destination: { host: shop, port: { number: 80 } } }]`;

const ELSEWHERE = {
  id: "sidecar~10.0.0.7~caller-0.elsewhere~elsewhere.svc.cluster.local",
  metadata: {},
};

/** The server names by which connections to port 443 are told apart. */
const namesOn443 = (node: NodeFields, ...texts: readonly string[]): readonly string[] =>
  (sentTo(node, SHOP, WIKI, ...texts).listeners.get("0.0.0.0_443")?.filterChains ?? []).flatMap(
    ({ filterChainMatch }) => filterChainMatch?.serverNames ?? [],
  );

test("connections to one host of a wildcard service go where the VirtualService for that host says", () => {
  expect(namesOn443(SIDECAR, ENGLISH)).toEqual(["en.wiki.example"]);
  const { listeners } = sentTo(SIDECAR, SHOP, WIKI, ENGLISH);
  expect(JSON.stringify(listeners.get("0.0.0.0_443")?.filterChains)).toContain(HERE[0]);
  expect(namesOn443(ELSEWHERE, ENGLISH)).toEqual(["*.wiki.example"]);
  const imports = (host: string): string => sidecar(host).replace("./shop", "./other");
  expect(namesOn443(SIDECAR, ENGLISH, imports("*.wiki.example"))).toEqual(["en.wiki.example"]);
});
