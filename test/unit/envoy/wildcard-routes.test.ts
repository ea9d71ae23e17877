/** On which ports a VirtualService for a wildcard is there for hosts of it that no service has. */
import { expect, test } from "vitest";
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

test("services that a Sidecar does not import count for nothing", () => {
  const elsewhere = `${entry("a.example.com", 80)}\n---\n${entry("b.example.com", 8080)}`;
  expect(wildcardOn(80, elsewhere)).toBeUndefined();
  expect(wildcardOn(80, elsewhere, sidecar("b.example.com"))).toEqual(HERE);
});
