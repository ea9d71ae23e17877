/** The ways through a sidecar's listener for connections, where the routes of VirtualServices come in each other's way. */
import { expect, test } from "vitest";
import type { ListenerJson } from "../../../src/envoy/api.js";
import { tcpClusters, tcpProxyOf } from "../../../src/simulator/network-filters.js";
import { GATEWAY, SIDECAR, sentTo } from "./sent-to.js";

const entry = (host: string, fields: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host} }
spec: { hosts: ["${host}"], resolution: NONE, ${fields} }`;

const TLS = "ports: [{ number: 443, name: tls, protocol: TLS }]";
const TCP = "ports: [{ number: 443, name: tcp, protocol: TCP }]";

const routes = (fields: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: routes }
spec: { hosts: [one.example.com, two.example.com], ${fields} }`;

const to = (port: number): string =>
  `route: [{ destination: { host: one.example.com, port: { number: ${port} } } }]`;

/** The ways through a listener: for which names at which addresses, and the port of the cluster. */
function waysOf({ filterChains = [], defaultFilterChain }: ListenerJson = {}): readonly string[] {
  return [...filterChains, ...(defaultFilterChain === undefined ? [] : [defaultFilterChain])].map(
    (chain) => {
      const { serverNames = ["any"], prefixRanges = [] } = chain.filterChainMatch ?? {};
      const blocks = prefixRanges.map((one) => `${one.addressPrefix}/${one.prefixLen}`);
      const proxy = tcpProxyOf(chain);
      const [cluster] = proxy === undefined ? [] : tcpClusters(proxy);
      return `${[...serverNames, ...blocks].join(" ")}: ${cluster?.name}`;
    },
  );
}

const listenerOf = (name: string, ...texts: readonly string[]) =>
  waysOf(sentTo(SIDECAR, ...texts).listeners.get(name));

test("a TLS match without subnets has those of the last before it that has any", () => {
  const ways = listenerOf(
    "0.0.0.0_443",
    entry("one.example.com", TLS),
    routes(`tls: [
      { match: [{ sniHosts: [two.example.com] }, { sniHosts: [one.example.com], destinationSubnets: [10.1.0.0/16] }], ${to(1)} },
      { match: [{ sniHosts: [two.example.com] }], ${to(2)} }]`),
  );
  expect(ways).toEqual([
    "two.example.com: outbound|1||one.example.com",
    "one.example.com 10.1.0.0/16: outbound|1||one.example.com",
    "two.example.com 10.1.0.0/16: outbound|2||one.example.com",
    "any: PassthroughCluster",
  ]);
});

test("a block of all addresses is no address in particular", () => {
  const ways = listenerOf(
    "0.0.0.0_443",
    entry("one.example.com", TLS),
    routes(`tls: [
      { match: [{ sniHosts: [one.example.com], destinationSubnets: [0.0.0.0/0] }], ${to(1)} },
      { match: [{ sniHosts: [two.example.com], destinationSubnets: [0.0.0.0/0, 10.1.0.0/16] }], ${to(2)} }]`),
  );
  expect(ways).toEqual([
    "one.example.com: outbound|1||one.example.com",
    "two.example.com 10.1.0.0/16: outbound|2||one.example.com",
    "any: PassthroughCluster",
  ]);
});

test("one match of a TCP route that asks for no address speaks for the whole route", () => {
  const ways = listenerOf(
    "0.0.0.0_443",
    entry("one.example.com", `addresses: [10.2.0.0/16], ${TCP}`),
    routes(`tcp: [{ match: [{ destinationSubnets: [10.1.0.0/16] }, { port: 443 }], ${to(1)} }]`),
  );
  expect(ways).toEqual(["any 10.2.0.0/16: outbound|1||one.example.com", "any: PassthroughCluster"]);
});

test("beside subnets a TCP route asks for none of all addresses", () => {
  const ways = listenerOf(
    "0.0.0.0_443",
    entry("one.example.com", TCP),
    routes(
      `tcp: [{ match: [{ destinationSubnets: [10.1.0.0/16] }, { destinationSubnets: [0.0.0.0/0] }], ${to(1)} }]`,
    ),
  );
  expect(ways).toEqual([
    "any 10.1.0.0/16: outbound|1||one.example.com",
    "any: outbound|443||one.example.com",
  ]);
});

test("a TLS route keeps those of its names and subnets that no route before it has", () => {
  const ways = listenerOf(
    "0.0.0.0_443",
    entry("one.example.com", TLS),
    routes(`tls: [
      { match: [{ sniHosts: [one.example.com], destinationSubnets: [10.1.0.0/16] }], ${to(1)} },
      { match: [{ sniHosts: [one.example.com, two.example.com], destinationSubnets: [10.1.0.0/16, 10.2.0.0/16] }], ${to(2)} }]`),
  );
  expect(ways).toEqual([
    "one.example.com 10.1.0.0/16: outbound|1||one.example.com",
    "one.example.com 10.2.0.0/16: outbound|2||one.example.com",
    "two.example.com 10.1.0.0/16 10.2.0.0/16: outbound|2||one.example.com",
    "any: PassthroughCluster",
  ]);
});

test("a service with a block of addresses is known by its name where a Sidecar binds its listener", () => {
  const ways = listenerOf(
    "10.9.9.9_443",
    entry("one.example.com", `addresses: [10.1.0.0/16], ${TLS}`),
    `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { egress: [{ hosts: ["*/*"], port: { number: 443, name: tls, protocol: TLS }, bind: 10.9.9.9 }] }`,
  );
  expect(ways).toEqual([
    "one.example.com: outbound|443||one.example.com",
    "any: PassthroughCluster",
  ]);
});

test("at a gateway a TLS match for any name is left out where another has a name that it says too", () => {
  const ways = waysOf(
    sentTo(
      GATEWAY,
      entry("one.example.com", TLS),
      `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gateway }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 443, name: tls, protocol: TLS }, hosts: ["*"], tls: { mode: PASSTHROUGH } }]`,
      `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: routes }
spec:
  hosts: ["*"]
  gateways: [gateway]
  tls: [
    { match: [{ sniHosts: [one.example.com] }], ${to(1)} },
    { match: [{ sniHosts: ["*", one.example.com] }], ${to(2)} },
    { match: [{ sniHosts: ["*", two.example.com] }], ${to(3)} },
    { match: [{ sniHosts: [two.example.com] }], ${to(4)} }]`,
    ).listeners.get("0.0.0.0_443"),
  );
  expect(ways).toEqual([
    "one.example.com: outbound|1||one.example.com",
    "any: outbound|3||one.example.com",
  ]);
});
