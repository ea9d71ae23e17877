/** Hosts with a dot in resources: full names, whichever namespaces have services. */
import { expect, test } from "vitest";
import { clustersOf, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: shop, namespace: internal }
spec: { clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }] }`;

const ENTRY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db }
spec:
  hosts: [db.internal]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db }
spec:
  hosts: [db.internal]
  http: [{ route: [{ destination: { host: db.internal, subset: v1 } }] }]`;

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db }
spec: { host: db.internal, subsets: [{ name: v1, labels: { version: v1 } }] }`;

test("a ServiceEntry's host that ends as a namespace with services is routed and ruled", () => {
  const { routes, clusters } = sentTo(SIDECAR, SERVICE, ENTRY, ROUTES, RULE);
  const cluster = "outbound|80|v1|db.internal";
  expect(clustersOf(hostIn(routes.get("80"), "db.internal"))).toEqual([cluster]);
  expect(clusters.has(cluster)).toBe(true);
});

test("a VirtualService for a name that callers may use for a service takes the requests by that name alone", () => {
  const routing = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.internal]
  http: [{ name: routed, route: [{ destination: { host: db.internal } }] }]`;
  const table = sentTo(SIDECAR, SERVICE, ENTRY, routing).routes.get("80");
  expect(clustersOf(hostIn(table, "shop.internal"))).toEqual(["outbound|80||db.internal"]);
  const own = ["outbound|80||shop.internal.svc.cluster.local"];
  expect(clustersOf(hostIn(table, "shop.internal.svc"))).toEqual(own);
  expect(clustersOf(hostIn(table, "shop.internal.svc.cluster.local"))).toEqual(own);
});
