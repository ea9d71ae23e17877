/** What callers of a Service do for which there are a BackendTLSPolicy and a DestinationRule. */
import { expect, test } from "vitest";
import { SIDECAR, sentTo } from "./sent-to.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }, { name: http-admin, port: 81 }] }`;

const policy = (section = ""): string => `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: shop${section} }]
  validation: { hostname: shop.example, wellKnownCACertificates: System }`;

const rule = (trafficPolicy: string, name = "shop", subsets = ""): string =>
  `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, creationTimestamp: "2026-01-01T00:00:00Z" }
spec: { host: shop, ${subsets} trafficPolicy: ${trafficPolicy} }`;

/** How endpoints on a port are called, and put aside, and how many connections there may be. */
function calls(port: number, ...resources: readonly string[]) {
  const { clusters } = sentTo(SIDECAR, SHOP, ...resources);
  const cluster = clusters.get(`outbound|${String(port)}||shop.default.svc.cluster.local`);
  const socket = cluster?.transportSocket?.typedConfig as { readonly sni?: string } | undefined;
  const most = cluster?.circuitBreakers?.thresholds?.[0]?.maxConnections;
  return {
    sni: socket?.sni,
    outliers: cluster?.outlierDetection?.consecutive5xx,
    limit: most === 4294967295 ? undefined : most,
  };
}

const OUTLIERS = "outlierDetection: { consecutive5xxErrors: 7 }";
const LIMIT = "connectionPool: { tcp: { maxConnections: 9 } }";

test("a DestinationRule counts beside a BackendTLSPolicy, which says what the rule leaves open", () => {
  const both = { sni: "shop.example", outliers: 7, limit: undefined };
  expect(calls(80, policy(), rule(`{ ${OUTLIERS} }`))).toEqual(both);
  expect(calls(80, policy())).toEqual({ ...both, outliers: undefined });
});

test("a rule that says how servers are called wins", () => {
  const own = rule("{ tls: { mode: SIMPLE, sni: own.example } }");
  expect(calls(80, policy(), own).sni).toBe("own.example");
});

test("so do what a rule says of a port, and of all, where the policy is for the port", () => {
  const forPort = policy(", sectionName: http-admin");
  const ports = `portLevelSettings: [{ port: { number: 81 }, ${LIMIT} }]`;
  expect(calls(81, forPort, rule(`{ ${ports} }`))).toMatchObject({ sni: "shop.example", limit: 9 });
  const other = `portLevelSettings: [{ port: { number: 80 }, ${LIMIT} }]`;
  expect(calls(81, forPort, rule(`{ ${OUTLIERS}, ${other} }`))).toMatchObject({
    sni: "shop.example",
    outliers: undefined,
    limit: undefined,
  });
  expect(calls(80, forPort, rule(`{ ${OUTLIERS}, ${other} }`))).toMatchObject({ limit: 9 });
});

test("of two rules beside a policy the first counts", () => {
  const two = [rule(`{ ${OUTLIERS} }`, "a"), rule(`{ ${LIMIT} }`, "b")];
  expect(calls(80, policy(), ...two)).toEqual({
    sni: "shop.example",
    outliers: 7,
    limit: undefined,
  });
});
