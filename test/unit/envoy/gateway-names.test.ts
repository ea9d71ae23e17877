/** How a VirtualService of one namespace names a Gateway of another. */
import { expect, test } from "vitest";
import { clustersOf, GATEWAY, hostIn, sentTo } from "./sent-to.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }] }`;

const EDGE = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]`;

const routing = (gateway: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example.com]
  gateways: [${gateway}]
  http: [{ match: [{ gateways: [${gateway}] }], route: [{ destination: { host: shop } }] }]`;

test.each(["istio-system/edge", "edge.istio-system", "edge.istio-system.svc.cluster.local"])(
  "a VirtualService routes for a Gateway that it names as %s",
  (name) => {
    const { routes } = sentTo(GATEWAY, SHOP, EDGE, routing(name));
    expect(clustersOf(hostIn(routes.get("http.80"), "shop.example.com"))).toEqual([
      "outbound|80||shop.default.svc.cluster.local",
    ]);
  },
);
