/** Ports of which one service says that they carry HTTP, and another says nothing. */
import { describe, expect, test } from "vitest";
import type { ProxyConfiguration } from "../../../src/simulator/configuration.js";
import { simulate } from "../../../src/simulator/simulate.js";
import { call, request } from "../simulator/calls.js";
import { SIDECAR, sentTo } from "./sent-to.js";

const service = (name: string, clusterIP: string, portName: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { clusterIP: ${clusterIP}, ports: [{ port: 80, name: ${portName} }] }`;

const WEB = service("web", "10.96.0.1", "http");
const SILENT = service("silent", "10.96.0.2", "anything");

const ONLY_KNOWN = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default }
spec: { outboundTrafficPolicy: { mode: REGISTRY_ONLY } }`;

/** The clusters to which a request for a host goes that is sent to an address. */
function reached(
  configuration: ProxyConfiguration,
  authority: string,
  address: string,
  port = 80,
): readonly string[] {
  const { clusters } = simulate(
    configuration,
    call({
      direction: "outbound",
      destination: { address, port },
      request: request({ authority }),
    }),
  );
  return clusters.map(({ name }) => name);
}

describe("a request for a service whose port declares no protocol", () => {
  const cluster = "outbound|80||silent.default.svc.cluster.local";

  test.each([
    ["the service's own", "10.96.0.2"],
    ["that of a service with HTTP on the port", "10.96.0.1"],
    ["no service's", "192.0.2.1"],
  ])("reaches it at an address that is %s", (_whose, address) => {
    const sent = sentTo(SIDECAR, WEB, SILENT);
    expect(reached(sent, "silent", address)).toEqual([cluster]);
  });

  test("reaches it where unknown hosts are refused", () => {
    const sent = sentTo(SIDECAR, WEB, SILENT, ONLY_KNOWN);
    expect(reached(sent, "silent.default", "192.0.2.1")).toEqual([cluster]);
  });

  test("goes where a VirtualService says, whatever the address", () => {
    const routes = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: silent }
spec: { hosts: [silent], http: [{ route: [{ destination: { host: web } }] }] }`;
    const sent = sentTo(SIDECAR, WEB, SILENT, routes);
    const web = "outbound|80||web.default.svc.cluster.local";
    expect(reached(sent, "silent", "10.96.0.2")).toEqual([web]);
    expect(reached(sent, "silent", "192.0.2.1")).toEqual([web]);
  });

  test("reaches it by another name", () => {
    const alias = `apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: silent.default.svc.cluster.local }`;
    const sent = sentTo(SIDECAR, WEB, SILENT, alias);
    expect(reached(sent, "alias", "192.0.2.1")).toEqual([cluster]);
  });
});

test("a port that no service declares has no routes but those of each service", () => {
  const sent = sentTo(SIDECAR, SILENT);
  const names = [...sent.routes.values()].map(({ name }) => name);
  expect(names).toEqual(["silent.default.svc.cluster.local:80"]);
});

describe("a service with an address and a block of addresses", () => {
  const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: both }
spec:
  hosts: [both.example.com]
  addresses: [198.51.100.1, 203.0.113.0/24]
  ports: [{ number: 8080, name: anything }]
  resolution: STATIC
  endpoints: [{ address: 198.51.100.1 }]`;

  test("gets no requests for other hosts that are sent to other addresses", () => {
    const sent = sentTo(SIDECAR, entry);
    const own = ["outbound|8080||both.example.com"];
    expect(reached(sent, "both.example.com", "198.51.100.1", 8080)).toEqual(own);
    expect(reached(sent, "both.example.com", "192.0.2.1", 8080)).toEqual(own);
    expect(reached(sent, "other.example.com", "192.0.2.1", 8080)).toEqual(["PassthroughCluster"]);
  });
});
