/** Which way a tunnel goes that names a host, of the ways that connections have, and how. */
import { expect, test } from "vitest";
import type { TcpChain } from "../../../src/envoy/listener/l4-chains.js";
import {
  bytesRoute,
  type Called,
  chainTo,
  tunnelRoute,
} from "../../../src/envoy/route/tunnel-route.js";
import { clustersOf, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const chain = (name: string, over: Partial<TcpChain> = {}): TcpChain => ({
  serverNames: [],
  prefixes: [],
  target: { clusters: [{ name, weight: 1 }] },
  part: { ref: { kind: "VirtualService", namespace: "default", name }, path: [] },
  ...over,
});

const SHOP: Called = { names: ["shop.default.svc.cluster.local", "shop"], addresses: ["10.0.1.1"] };

const ANY = chain("any");
const EXACT = chain("exact", { serverNames: ["other.example.com", "shop"] });
const WIDE = chain("wide", { serverNames: ["*.svc.cluster.local"] });
const OTHER = chain("other", { serverNames: ["other.example.com"] });
const NEAR = chain("near", { prefixes: ["10.0.1.0/24", "10.9.0.0/16"] });
const FAR = chain("far", { prefixes: ["10.0.0.0/8"] });
const ELSEWHERE = chain("elsewhere", { prefixes: ["10.1.0.0/16", "2001:db8::/32"] });
const AT_ADDRESS = chain("at", { prefixes: ["10.0.1.1"], serverNames: ["*.cluster.local"] });

test.each([
  ["nowhere without a way", [], undefined],
  ["by the first of two ways for everything", [ANY, chain("second")], "any"],
  ["by the way for one of its host's names", [WIDE, EXACT, ANY], "exact"],
  ["by the way for a wildcard that its host is one of", [ANY, WIDE, OTHER], "wide"],
  ["by no way for other names", [OTHER], undefined],
  ["by the way for the nearest block of addresses", [FAR, NEAR, ANY], "near"],
  ["by no way for other addresses", [ELSEWHERE, ANY], "any"],
  ["by address before name", [EXACT, AT_ADDRESS, NEAR], "at"],
])("a tunnel goes %s", (_how, chains, expected) => {
  expect(chainTo(SHOP, chains)?.part.ref.name).toBe(expected);
});

const TO_BORDER = { targetHost: "db.example.com", targetPort: 5432 };

test.each([
  ["by itself", undefined, { cluster: "border", upgradeConfigs: [{ connectConfig: {} }] }],
  [
    "by the tunnel of a policy, which is asked for in its place",
    TO_BORDER,
    { cluster: "border", upgradeConfigs: [{}], hostRewriteLiteral: "db.example.com:5432" },
  ],
  [
    "nowhere where that would be asked for by POST",
    { ...TO_BORDER, protocol: "POST" },
    { cluster: "BlackHoleCluster" },
  ],
])("a tunnel goes on %s", (_how, tunnel, expected) => {
  const way = tunnel === undefined ? {} : { way: { tunnel } };
  const { route } = tunnelRoute({ clusters: [{ name: "border", weight: 1 }], ...way }, undefined);
  expect(route).toMatchObject(expected);
  expect(route?.upgradeConfigs).toHaveLength(1);
});

test("a request that is only bytes goes not past the tunnel of a policy", () => {
  const target = { clusters: [{ name: "border", weight: 1 }] };
  expect(bytesRoute(target, undefined).route?.cluster).toBe("border");
  const tunnelled = { ...target, way: { tunnel: TO_BORDER } };
  expect(bytesRoute(tunnelled, undefined).route?.cluster).toBe("BlackHoleCluster");
});

const entry = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example.com]
  ports: [{ number: 5432, name: tcp, protocol: TCP }]
  resolution: DNS
`;

test.each([
  ["[0.0.0.0/0]", "outbound|5432||other.example.com"],
  ["[10.0.0.0/8]", "outbound|5432||db.example.com"],
])(
  "a tunnel to a host without an address is routed as a listener of Istio routes connections for %s",
  (subnets, expected) => {
    const routes = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db }
spec:
  hosts: [db.example.com]
  tcp: [{ match: [{ destinationSubnets: ${subnets} }], route: [{ destination: { host: other.example.com } }] }]
`;
    const uncaptured = { ...SIDECAR, metadata: { ...SIDECAR.metadata, INTERCEPTION_MODE: "NONE" } };
    const sent = sentTo(uncaptured, entry("db"), entry("other"), routes);
    const host = hostIn(sent.routes.get("http_proxy"), "db.example.com:5432");
    expect(clustersOf(host)).toEqual([expected, expected]);
  },
);
