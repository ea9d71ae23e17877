/** Hosts that resources write in another case than others: they are the same host. */
import { expect, test } from "vitest";
import { clustersOf, GATEWAY, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const entry = (host: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [${host}]
  ports: [{ number: 8080, name: http, protocol: HTTP }]
  resolution: DNS`;

const routes = (host: string, destination: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [${host}]
  gateways: [mesh, istio-system/edge]
  http: [{ route: [{ destination: { host: ${destination}, subset: v1 } }] }]`;

const rule = (host: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec: { host: ${host}, subsets: [{ name: v1, labels: { version: v1 } }] }`;

const EDGE = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [SHOP.example.com] }]`;

test.each([
  ["the ServiceEntry", "Shop.example.com", "shop.example.com"],
  ["the VirtualService and the DestinationRule", "shop.example.com", "Shop.Example.com"],
])(
  "requests are routed by the VirtualService of a host that %s writes otherwise",
  (_who, ofEntry, ofOthers) => {
    const mesh = [entry(ofEntry), routes(ofOthers, ofOthers), rule(ofOthers), EDGE];
    const cluster = "outbound|8080|v1|shop.example.com";
    const sent = sentTo(SIDECAR, ...mesh);
    expect(clustersOf(hostIn(sent.routes.get("8080"), "shop.example.com"))).toEqual([cluster]);
    expect(sent.clusters.has(cluster)).toBe(true);
    const table = sentTo(GATEWAY, ...mesh).routes.get("http.80");
    expect(clustersOf(hostIn(table, "shop.example.com"))).toEqual([cluster]);
  },
);
