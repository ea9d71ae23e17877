/** Which routes of delegates are reached, and which VirtualService goes first. */
import { expect, test } from "vitest";
import { clustersOf, GATEWAY, hostIn, SIDECAR, sentTo } from "./sent-to.js";

const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { clusterIP: 10.96.0.1, ports: [{ name: http, port: 80 }] }`;

const OTHERS = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: others }
spec:
  hosts: [team.example.com, plain.example.com]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS`;

/** An HTTP route to a host. */
const to = (host: string, match = ""): string =>
  `{ ${match === "" ? "" : `match: [${match}], `}route: [{ destination: { host: ${host}, port: { number: 80 } } }] }`;

const routing = (name: string, spec: string, metadata = ""): string =>
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}${metadata} }
spec: ${spec}`;

const gateway = (name: string, metadata = ""): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}${metadata} }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["${name}.example.com"] }]`;

/** The clusters of the shop's routes for the caller. */
const atCaller = (...texts: readonly string[]): readonly string[] | undefined =>
  clustersOf(hostIn(sentTo(SIDECAR, SHOP, OTHERS, ...texts).routes.get("80"), "shop"));

const root = (match: string, gateways = "[mesh]"): string =>
  routing(
    "root",
    `{ hosts: [shop, one.example.com], gateways: ${gateways}, http: [{ match: [${match}], delegate: { name: team, namespace: teams } }] }`,
  );

const delegate = (match: string): string =>
  routing("team", `{ http: [${to("team.example.com", match)}] }`, ", namespace: teams");

const TEAM = "outbound|80||team.example.com";
const OWN = "outbound|80||shop.default.svc.cluster.local";

test("a delegate names the gateways of its own namespace in short, and others in full", () => {
  const atGateway = (match: string): readonly string[] | undefined =>
    clustersOf(
      hostIn(
        sentTo(
          GATEWAY,
          SHOP,
          OTHERS,
          gateway("one"),
          gateway("one", ", namespace: teams"),
          root("{ uri: { prefix: /a }, gateways: [one] }", "[one]"),
          delegate(match),
        ).routes.get("http.80"),
        "one.example.com",
      ),
    );
  expect(atGateway("{ uri: { prefix: /a/b }, gateways: [default/one] }")).toEqual([TEAM]);
  expect(atGateway("{ uri: { prefix: /a/b }, gateways: [one] }")).toBeUndefined();
});

test.each([
  ["of the same namespace", "{ sourceNamespace: default }", [TEAM]],
  ["of any namespace", "{ uri: { prefix: /a } }", [OWN]],
])(
  "under a root for callers of a namespace a delegate's route for callers %s",
  (_of, match, reached) => {
    expect(atCaller(root("{ sourceNamespace: default }"), delegate(match))).toEqual(reached);
  },
);

test("a root that only wants a header to be there leaves nothing to who wants a value of it", () => {
  const any = "{ headers: { x-tier: {} } }";
  expect(atCaller(root(any), delegate("{ headers: { x-tier: { exact: gold } } }"))).toEqual([OWN]);
  expect(atCaller(root(any), delegate("{ uri: { prefix: /a } }"))).toEqual([TEAM]);
});

test("of VirtualServices for one host the older counts, whether it leaves routes to others or not", () => {
  const older = ', creationTimestamp: "2024-01-01T00:00:00Z"';
  const younger = ', creationTimestamp: "2025-01-01T00:00:00Z"';
  const leaving = (when: string): string =>
    routing(
      "root",
      "{ hosts: [shop], http: [{ delegate: { name: team, namespace: teams } }] }",
      when,
    );
  const plain = (when: string): string =>
    routing("plain", `{ hosts: [shop], http: [${to("plain.example.com")}] }`, when);
  const team = delegate("");
  expect(atCaller(leaving(older), plain(younger), team)).toEqual([TEAM]);
  expect(atCaller(leaving(younger), plain(older), team)).toEqual([
    "outbound|80||plain.example.com",
  ]);
});
