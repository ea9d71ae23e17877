/** Values that are allowed and that few think of. */
import { expect, test } from "vitest";
import { encodeResource } from "../../../src/envoy/resource/encode-resource.js";
import { MESSAGE } from "../../../src/envoy/resource/message-types.js";
import { goldenEncoder } from "../golden/golden-case.js";
import { GATEWAY, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const entry = (fields: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example.com]
  resolution: STATIC
  ${fields}`;

test("a port may have the name of something that all objects have", () => {
  const { endpoints } = sentTo(
    SIDECAR,
    entry(`ports: [{ number: 80, name: constructor, protocol: HTTP }]
  endpoints: [{ address: 192.0.2.1 }, { address: 192.0.2.2, ports: { constructor: 8080 } }]`),
  );
  const ports = endpoints
    .get("outbound|80||shop.example.com")
    ?.endpoints?.flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .map(({ endpoint }) => endpoint?.address?.socketAddress?.portValue);
  expect(ports).toEqual([80, 8080]);
});

test("a service of the gateway's may have a port of such a name", () => {
  const { listeners } = sentTo(
    GATEWAY,
    `apiVersion: v1
kind: Service
metadata: { name: gateway, namespace: istio-system }
spec: { selector: { istio: ingressgateway }, ports: [{ name: valueOf, port: 80, targetPort: valueOf }] }`,
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gateway }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]`,
  );
  expect(listeners.get("0.0.0.0_80")?.address?.socketAddress?.portValue).toBe(80);
});

test("an address that is written twice, or in two ways, is one", () => {
  const { routes } = sentTo(
    SIDECAR,
    entry(`ports: [{ number: 80, name: http, protocol: HTTP }]
  addresses: [192.0.2.1, "2001:db8::1", 192.0.2.1/32, "2001:DB8:0::1"]
  endpoints: [{ address: 192.0.2.9 }]`),
  );
  const domains = hostIn(routes.get("80"), "shop.example.com")?.domains;
  expect(domains?.filter((domain) => /192|2001/.test(domain))).toEqual([
    "192.0.2.1",
    "[2001:db8::1]",
  ]);
});

test("a range of addresses that a route names twice, or in two ways, is one", () => {
  const { listeners } = sentTo(
    SIDECAR,
    entry(`ports: [{ number: 90, name: tcp, protocol: TCP }]
  addresses: [192.0.2.1]
  endpoints: [{ address: 192.0.2.9 }]`),
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example.com]
  tcp:
    - match: [{ destinationSubnets: [10.1.0.0/16, 10.1.2.3/16, 10.1.2.3] }]
      route: [{ destination: { host: shop.example.com } }]`,
  );
  const [first] = listeners.get("192.0.2.1_90")?.filterChains ?? [];
  expect(first?.filterChainMatch?.prefixRanges).toEqual([
    { addressPrefix: "10.1.0.0", prefixLen: 16 },
    { addressPrefix: "10.1.2.3", prefixLen: 32 },
  ]);
});

test("weights that are too large together keep their proportions", () => {
  const { endpoints } = sentTo(
    SIDECAR,
    entry(`ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints:
    - { address: 192.0.2.1, weight: 4294967295 }
    - { address: 192.0.2.2, weight: 4294967295, locality: here }
    - { address: 192.0.2.3, weight: 1, locality: here }`),
  );
  const places = endpoints.get("outbound|80||shop.example.com")?.endpoints ?? [];
  const weights = places.map(({ lbEndpoints = [] }) =>
    lbEndpoints.map(({ loadBalancingWeight }) => loadBalancingWeight),
  );
  expect(weights).toEqual([[2147483646], [2147483646, 1]]);
  expect(places.map((one) => one.loadBalancingWeight)).toEqual([2147483646, 2147483647]);
});

test("a number that no field of Envoy's can have is refused with its resource alone", () => {
  const json = { clusterName: "a", endpoints: [{ loadBalancingWeight: 2 ** 33 }] };
  const { refusal } = encodeResource(goldenEncoder(), MESSAGE.endpoint, {
    name: "a",
    json,
    sources: [],
  });
  expect(refusal?.reason).toMatch(/^endpoints a: .*load_balancing_weight: expected a whole number/);
});

test("a Service that names port 0 of its workloads means its own port", () => {
  const { endpoints } = sentTo(
    SIDECAR,
    `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: 0 }] }`,
    `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: shop }
spec: { address: 192.0.2.1, labels: { app: shop } }`,
  );
  const [place] = endpoints.get("outbound|80||shop.default.svc.cluster.local")?.endpoints ?? [];
  expect(place?.lbEndpoints?.map(({ endpoint }) => endpoint?.address)).toEqual([
    { socketAddress: { address: "192.0.2.1", portValue: 80 } },
  ]);
});
