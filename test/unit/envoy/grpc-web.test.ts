/** Which connection managers turn calls of gRPC-Web into gRPC: those of ports that are named so. See Istio, protocol selection. */
import { expect, test } from "vitest";
import type {
  FilterChainJson,
  HttpConnectionManagerJson,
  ListenerJson,
} from "../../../src/envoy/api.js";
import { GATEWAY, SIDECAR, sentTo } from "./sent-to.js";

const GRPC_WEB = "envoy.filters.http.grpc_web";

function httpFiltersOf({ filters = [] }: FilterChainJson): readonly string[] {
  const managers = filters.map(({ typedConfig }) => typedConfig as HttpConnectionManagerJson);
  return managers.flatMap(({ httpFilters = [] }) => httpFilters.map(({ name = "" }) => name));
}

/** The HTTP filters of each chain of a listener that takes requests. */
const chainsIn = (listener: ListenerJson | undefined): readonly (readonly string[])[] =>
  (listener?.filterChains ?? []).map(httpFiltersOf).filter((names) => names.length > 0);

const turnsIn = (listener: ListenerJson | undefined): readonly boolean[] =>
  chainsIn(listener).map((names) => names.includes(GRPC_WEB));

const service = (name: string, portName: string, port: number): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: caller }, ports: [{ name: ${portName}, port: ${String(port)}, targetPort: ${String(port)} }] }`;

test.each([
  ["grpc-web-api", true],
  ["grpc-api", false],
  ["http", false],
])("a sidecar's own port %s, and calls of such a port", (portName, turns) => {
  const { listeners } = sentTo(SIDECAR, service("own", portName, 9000));
  const own = listeners
    .get("virtualInbound")
    ?.filterChains?.filter(({ name }) => name === "0.0.0.0_9000")
    .map(httpFiltersOf);
  expect(own?.map((names) => names.includes(GRPC_WEB))).toEqual([turns, turns]);
  expect(turnsIn(listeners.get("0.0.0.0_9000"))).toEqual([turns]);
});

test("of services that share a listener of callers the first says it, as of other things", () => {
  const { listeners } = sentTo(
    SIDECAR,
    service("a", "grpc-web", 9000),
    service("b", "http", 9000),
    service("c", "http", 9001),
    service("d", "grpc-web", 9001),
  );
  expect(turnsIn(listeners.get("0.0.0.0_9000"))).toEqual([true]);
  expect(turnsIn(listeners.get("0.0.0.0_9001"))).toEqual([false]);
});

test.each([
  ["GRPC-WEB", true],
  ["GRPC", false],
  ["HTTP", false],
])("a gateway's server of %s", (protocol, turns) => {
  const { listeners } = sentTo(
    GATEWAY,
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: web, protocol: ${protocol} }, hosts: ["*"] }]`,
  );
  expect(turnsIn(listeners.get("0.0.0.0_80"))).toEqual([turns]);
});

test("who may call is decided before a call is turned, and statistics are of what it is turned into", () => {
  const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: own }
spec: { rules: [{}] }`;
  const { listeners } = sentTo(SIDECAR, service("own", "grpc-web", 9000), policy);
  const chain = listeners
    .get("virtualInbound")
    ?.filterChains?.find(({ name }) => name === "0.0.0.0_9000");
  expect(chain === undefined ? [] : httpFiltersOf(chain).slice(0, 3)).toEqual([
    "envoy.filters.http.rbac",
    GRPC_WEB,
    "envoy.filters.http.grpc_stats",
  ]);
});
