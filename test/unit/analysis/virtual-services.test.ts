import { describe } from "vitest";
import { destinationHostAnalyzer } from "../../../src/analysis/analyzers/destination-hosts.js";
import { forgeableHeaderAnalyzer } from "../../../src/analysis/analyzers/forgeable-headers.js";
import { jwtClaimRouteAnalyzer } from "../../../src/analysis/analyzers/jwt-claim-routes.js";
import { lookedUpDestinationAnalyzer } from "../../../src/analysis/analyzers/looked-up-destinations.js";
import { meshHostAnalyzer } from "../../../src/analysis/analyzers/mesh-hosts.js";
import { otherNameAnalyzer } from "../../../src/analysis/analyzers/other-names.js";
import { routeGatewayAnalyzer } from "../../../src/analysis/analyzers/route-gateways.js";
import { routeSubsetAnalyzer } from "../../../src/analysis/analyzers/route-subsets.js";
import { file, resource, tryRows } from "./messages-of.js";

function routing(name: string, spec: object, namespace = "default"): string {
  return resource("VirtualService", { name, namespace }, spec);
}

const to = (...destinations: readonly object[]) => ({
  http: [{ route: destinations.map((destination) => ({ destination })) }],
});
const service = (name: string, ports: readonly number[], metadata: object = {}) =>
  resource("Service", { name, ...metadata }, { ports: ports.map((port) => ({ port })) });
const entry = (spec: object, namespace = "default") =>
  resource("ServiceEntry", { name: "entry", namespace }, spec);

describe("routes for another name of a service", () => {
  const named = (spec: object) =>
    resource("Service", { name: "other" }, { type: "ExternalName", ...spec });
  const shop = service("shop", [80]);
  const externalName = "shop.default.svc.cluster.local";
  const other = named({ externalName });
  const found = "other-name VirtualService r.default: other";
  const routes = (spec: object) => routing("r", { hosts: ["other"], ...spec });
  tryRows(otherNameAnalyzer, [
    [
      "count for less than those for a service",
      file(shop, other, routes(to({ host: "shop" }))),
      [found],
    ],
    [
      "count on the ports that it has itself",
      file(shop, named({ externalName, ports: [{ port: 80 }] }), routes(to({ host: "shop" }))),
      [],
    ],
    [
      "count for nothing where they are for connections",
      file(
        shop,
        named({ externalName, ports: [{ port: 80 }] }),
        routes({ tcp: [{ route: [{ destination: { host: "shop" } }] }] }),
      ),
      [found],
    ],
    [
      "are for gateways that take it for any name",
      file(shop, other, routes({ gateways: ["edge"], ...to({ host: "shop" }) })),
      [],
    ],
    [
      "are as any where it is the name of something outside",
      file(named({ externalName: "api.example.com" }), routes(to({ host: "other" }))),
      [],
    ],
  ]);
});

describe("routes to hosts that are looked up when they are called", () => {
  const world = entry({ hosts: ["*.b.com", "*.c.com"], resolution: "DYNAMIC_DNS" });
  const destination = { host: "*.b.com" };
  const found = (word: string) => `host-not-called VirtualService r.default: ${word}`;
  const leading = (spec: object) => file(routing("r", spec), world);
  tryRows(lookedUpDestinationAnalyzer, [
    ["lead there", leading({ http: [{ route: [{ destination }] }] }), []],
    ["lead there in whatever case", leading(to({ host: "*.B.com" })), []],
    [
      "may rewrite the host to one of them",
      leading({ http: [{ rewrite: { authority: "a.b.com:80" }, route: [{ destination }] }] }),
      [],
    ],
    [
      "may not rewrite it to another",
      leading({ http: [{ rewrite: { authority: "a.c.com" }, route: [{ destination }] }] }),
      [found("a.c.com")],
    ],
    ["may not name one of them", leading(to({ host: "a.b.com" })), [found("a.b.com")]],
    [
      "send no copies",
      leading({
        http: [{ route: [{ destination: { host: "a" } }], mirrors: [{ destination }] }],
      }),
      [found("*.b.com")],
    ],
    [
      "are for TLS by their names",
      leading({
        tls: [{ match: [{ sniHosts: ["a.b.com", "*.d.com"] }], route: [{ destination }] }],
      }),
      [found("*.d.com")],
    ],
    [
      "are not for connections that name nobody",
      leading({ tcp: [{ route: [{ destination }] }] }),
      [found("*.b.com")],
    ],
    [
      "are no others",
      file(
        routing("r", { tcp: [{ route: [{ destination }] }] }),
        entry({ hosts: ["*.b.com"], resolution: "NONE" }),
      ),
      [],
    ],
  ]);
});

describe("the destinations of routes", () => {
  tryRows(destinationHostAnalyzer, [
    ["are Services", file(routing("r", to({ host: "a" })), service("a", [80])), []],
    [
      "are Services by their full names",
      file(routing("r", to({ host: "a.default.svc.cluster.local" })), service("a", [80])),
      [],
    ],
    [
      "are hosts of ServiceEntries, in whatever case",
      file(
        routing("r", to({ host: "API.x.com" }, { host: "api.x.com" }, { host: "A.B.com" })),
        resource("ServiceEntry", "e", { hosts: ["API.X.com", "*.B.com"] }),
      ),
      [],
    ],
    [
      "are told when only applications may call a Service so",
      file(routing("r", to({ host: "a.default" }, { host: "a.default.svc" })), service("a", [80])),
      [
        "IST0101 VirtualService r.default: a.default",
        "IST0101 VirtualService r.default: a.default.svc",
      ],
    ],
    [
      "are told when there is no such host",
      routing("r", to({ host: "a" })),
      ["IST0101 VirtualService r.default: a"],
    ],
    [
      "are told when they have no host",
      routing("r", { http: [{ route: [{}] }] }),
      ["IST0101 VirtualService r.default: {"],
    ],
    [
      "are told for every protocol, and for mirrors",
      routing("r", {
        tcp: [{ route: [{ destination: { host: "t" } }] }],
        tls: [{ route: [{ destination: { host: "s" } }] }],
        http: [{ mirror: { host: "m" }, mirrors: [{ destination: { host: "n" } }] }],
      }),
      ["t", "s", "m", "n"].map((host) => `IST0101 VirtualService r.default: ${host}`),
    ],
    [
      "are not what is exported to others",
      file(
        routing("r", to({ host: "a" }, { host: "b.com" })),
        service("a", [80], { annotations: { "networking.istio.io/exportTo": "other" } }),
        entry({ hosts: ["b.com"], exportTo: ["."] }, "other"),
      ),
      ["IST0101 VirtualService r.default: a", "IST0101 VirtualService r.default: b.com"],
    ],
    [
      "are what is exported to the namespaces that the routes are for",
      file(
        routing("r", { ...to({ host: "b.com" }), exportTo: ["x", "other"] }),
        entry({ hosts: ["b.com"], exportTo: ["."] }, "other"),
      ),
      [],
    ],
    [
      "may be one of many names of a ServiceEntry",
      file(routing("r", to({ host: "a.b.com" })), entry({ hosts: ["*.b.com"] })),
      [],
    ],
    [
      "need a port where there are several",
      file(
        routing("r", to({ host: "a" }, { host: "a", port: { number: 80 } })),
        service("a", [80, 81]),
      ),
      ["IST0112 VirtualService r.default: a"],
    ],
    [
      "are told when they have no such port",
      file(routing("r", to({ host: "a", port: { number: 81 } })), service("a", [80])),
      ["IST0101 VirtualService r.default: 81"],
    ],
  ]);

  const split = routing("split", {
    hosts: ["a"],
    ...to({ host: "a", subset: "v1" }, { host: "a", subset: "v2" }),
  });
  tryRows(destinationHostAnalyzer, [
    [
      "of a gateway do not go through the routes of another VirtualService",
      file(
        split,
        routing("edge", { gateways: ["g"], ...to({ host: "a" }, { host: "a" }) }),
        service("a", [80]),
      ),
      ["IST0140 VirtualService edge.default: a"],
    ],
    [
      "of a gateway may name the subset themselves",
      file(
        split,
        routing("edge", { gateways: ["g"], ...to({ host: "a", subset: "v1" }) }),
        service("a", [80]),
      ),
      [],
    ],
    [
      "of sidecars are not told",
      file(split, routing("inner", to({ host: "a" })), service("a", [80])),
      [],
    ],
  ]);
});

describe("the subsets of routes", () => {
  const rule = resource("DestinationRule", "rule", { host: "a", subsets: [{ name: "v1" }] });
  tryRows(routeSubsetAnalyzer, [
    [
      "are those of a DestinationRule of the host",
      file(routing("r", to({ host: "a", subset: "v1" })), rule),
      [],
    ],
    [
      "are those of a DestinationRule that names the host otherwise",
      file(routing("r", to({ host: "a.default.svc.cluster.local", subset: "v1" })), rule),
      [],
    ],
    [
      "are told when there are none",
      file(routing("r", to({ host: "a", subset: "v2" })), rule),
      ["IST0101 VirtualService r.default: v2"],
    ],
    [
      "are told when they are another host's",
      file(routing("r", to({ host: "b", subset: "v1" })), rule),
      ["IST0101 VirtualService r.default: v1"],
    ],
    [
      "are told when a host of that name is in another namespace",
      file(routing("r", to({ host: "a", subset: "v1" }), "other"), rule),
      ["IST0101 VirtualService r.other: v1"],
    ],
    [
      "are those of a DestinationRule for a wildcard",
      file(
        routing("r", to({ host: "a.b.com", subset: "v1" }, { host: "a.c.com", subset: "v1" })),
        resource("DestinationRule", "d", { host: "*.b.com", subsets: [{ name: "v1" }] }),
      ),
      ["IST0101 VirtualService r.default: v1"],
    ],
    [
      "are told of mirrors",
      file(routing("r", { http: [{ mirror: { host: "a", subset: "v2" } }] }), rule),
      ["IST0101 VirtualService r.default: v2"],
    ],
  ]);
});

describe("the gateways of routes", () => {
  const gateway = (hosts: readonly string[], namespace = "default") =>
    resource("Gateway", { name: "g", namespace }, { servers: [{ hosts }] });
  const by = (gateways: readonly string[], hosts: readonly string[] = ["a.com"]) =>
    routing("r", { gateways, hosts });
  const kubernetes = (...listeners: readonly object[]) =>
    `{ apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: { name: k },\n spec: { ${listeners.length === 0 ? "" : `listeners: ${JSON.stringify(listeners)}`} } }`;
  tryRows(routeGatewayAnalyzer, [
    ["may be the sidecars", by(["mesh"]), []],
    ["are there and serve the hosts", file(by(["g"]), gateway(["*.com"])), []],
    [
      "are told when there are none",
      by(["g"]),
      ["IST0101 VirtualService r.default: g", "IST0132 VirtualService r.default: g"],
    ],
    [
      "are told when they serve none of the hosts",
      file(by(["g"]), gateway(["b.com"])),
      ["IST0132 VirtualService r.default: g"],
    ],
    ["serve hosts for all namespaces", file(by(["edge/g"]), gateway(["*/a.com"], "edge")), []],
    ["serve hosts for one namespace", file(by(["edge/g"]), gateway(["default/*"], "edge")), []],
    [
      "serve hosts for their own namespace",
      file(by(["edge/g"]), gateway(["./a.com"], "edge")),
      ["IST0132 VirtualService r.default: edge/g"],
    ],
    ["may be of Kubernetes", file(by(["k"]), kubernetes({ hostname: "a.com" })), []],
    ["of Kubernetes serve all hosts when they name none", file(by(["k"]), kubernetes({})), []],
    [
      "of Kubernetes serve the hosts that they name",
      file(by(["k"]), kubernetes({ hostname: "b.com" })),
      ["IST0132 VirtualService r.default: k"],
    ],
    [
      "of Kubernetes are there even without listeners",
      file(by(["k"]), kubernetes()),
      ["IST0132 VirtualService r.default: k"],
    ],
    [
      "are not those that Istio makes by itself",
      by(["edge/g~istio-autogenerated-k8s-gateway~http"]),
      ["IST0165 VirtualService r.default: edge/g~istio-autogenerated-k8s-gateway~http"],
    ],
  ]);
});

describe("hosts that sidecars route", () => {
  const one = (name: string, namespace: string, spec: object) =>
    routing(name, { hosts: ["a.one.svc.cluster.local"], ...spec }, namespace);
  tryRows(meshHostAnalyzer, [
    [
      "are told when several VirtualServices have them",
      file(routing("x", { hosts: ["a"] }, "one"), one("y", "two", { gateways: ["edge", "mesh"] })),
      ["IST0109 VirtualService x.one: hosts", "IST0109 VirtualService y.two: hosts"],
    ],
    [
      "are not those that gateways route",
      file(one("x", "one", {}), one("y", "two", { gateways: ["edge"] })),
      [],
    ],
    [
      "are not those that one VirtualService has by two names",
      file(one("x", "one", { hosts: ["a", "a.one.svc.cluster.local"] })),
      [],
    ],
    [
      "may be routed by namespaces for themselves",
      file(one("x", "one", { exportTo: ["."] }), one("y", "two", { exportTo: ["."] })),
      [],
    ],
    [
      "are told when one is for all namespaces, by a wildcard too",
      file(
        one("x", "one", { exportTo: ["."] }),
        one("y", "two", { hosts: ["*.svc.cluster.local"] }),
      ),
      ["IST0109 VirtualService x.one: hosts", "IST0109 VirtualService y.two: hosts"],
    ],
    [
      "are told once for each VirtualService",
      file(
        one("x", "one", { hosts: ["a.com", "b.com"] }),
        one("y", "two", { hosts: ["a.com", "b.com"] }),
      ),
      ["IST0109 VirtualService x.one: hosts", "IST0109 VirtualService y.two: hosts"],
    ],
  ]);
});

describe("routes by the claims of a token", () => {
  const claim = "@request.auth.claims.sub";
  const byClaim = (gateways: readonly string[]) =>
    routing("r", { gateways, http: [{ match: [{ headers: { [claim]: { exact: "a" } } }] }] });
  const gateway = resource("Gateway", "g", { selector: { app: "edge" } });
  const pod = resource("Pod", { name: "edge", namespace: "edge", labels: { app: "edge" } });
  const second = resource("Pod", { name: "edge-1", namespace: "edge", labels: { app: "edge" } });
  const policy = (namespace: string, spec: object = {}) =>
    resource("RequestAuthentication", { name: "p", namespace }, spec);
  tryRows(jwtClaimRouteAnalyzer, [
    [
      "never match where nobody checks the token",
      file(byClaim(["g"]), gateway, pod),
      [`IST0149 VirtualService r.default: ${claim}`],
    ],
    [
      "are told of for each pod of a gateway",
      file(byClaim(["g"]), gateway, pod, second),
      [`IST0149 VirtualService r.default: ${claim}`, `IST0149 VirtualService r.default: ${claim}`],
    ],
    [
      "match where a policy of the namespace checks it",
      file(byClaim(["g"]), gateway, pod, policy("edge")),
      [],
    ],
    [
      "match where a policy of the mesh checks it",
      file(byClaim(["g"]), gateway, pod, policy("istio-system")),
      [],
    ],
    [
      "never match where the policies are for others",
      file(
        byClaim(["g"]),
        gateway,
        pod,
        policy("default"),
        policy("edge", { selector: { matchLabels: { app: "x" } } }),
      ),
      [`IST0149 VirtualService r.default: ${claim}`],
    ],
    [
      "are not told of gateways that there are not, nor of sidecars",
      file(byClaim(["mesh", "other"]), pod),
      [],
    ],
  ]);
});

describe("routes by headers that stand for claims", () => {
  const byHeader = (gateways: readonly string[], field = "headers", name = "X-User") =>
    routing("r", { gateways, http: [{ match: [{ [field]: { [name]: { exact: "a" } } }] }] });
  const gateway = resource("Gateway", "g", { selector: { app: "edge" } });
  const pod = resource("Pod", { name: "edge", namespace: "edge", labels: { app: "edge" } });
  const policy = (namespace: string, spec: object = {}) =>
    resource(
      "RequestAuthentication",
      { name: "p", namespace },
      {
        jwtRules: [{ issuer: "a", outputClaimToHeaders: [{ header: "x-user", claim: "sub" }] }],
        ...spec,
      },
    );
  const leavingTo = (name: string, spec: object) => {
    const route = { delegate: { name, namespace: "shop" } };
    return routing("r", { hosts: ["*"], http: [route, route], ...spec });
  };
  const told = ["forgeable-header VirtualService r.default: X-User"];
  tryRows(forgeableHeaderAnalyzer, [
    [
      "can be forged at a gateway, by a policy of its namespace",
      file(byHeader(["g"]), gateway, pod, policy("edge")),
      told,
    ],
    [
      "can be forged by a policy of the mesh, and whichever way they match",
      file(byHeader(["g"], "withoutHeaders"), gateway, pod, policy("istio-system")),
      told,
    ],
    [
      "can be forged where the whole payload is written",
      file(
        byHeader(["g"]),
        gateway,
        pod,
        policy("edge", { jwtRules: [{ issuer: "a", outputPayloadToHeader: "x-USER" }] }),
      ),
      told,
    ],
    [
      "can be forged where a delegate has them, and are told once for all the routes that are left to it",
      file(
        leavingTo("d", { gateways: ["g"] }),
        gateway,
        pod,
        policy("edge"),
        routing("d", { http: [{ match: [{ headers: { "x-user": { exact: "a" } } }] }] }, "shop"),
      ),
      ["forgeable-header VirtualService d.shop: x-user"],
    ],
    [
      "are in order in a delegate of routes behind sidecars",
      file(
        leavingTo("d", { gateways: ["mesh"] }),
        gateway,
        pod,
        policy("edge"),
        routing("d", { http: [{ match: [{ headers: { "x-user": { exact: "a" } } }] }] }, "shop"),
      ),
      [],
    ],
    [
      "are in order where the policy is for others, or writes others",
      file(
        byHeader(["g"]),
        gateway,
        pod,
        policy("edge", { selector: { matchLabels: { app: "x" } } }),
        resource(
          "RequestAuthentication",
          { name: "q", namespace: "edge" },
          { jwtRules: [{ issuer: "a", outputClaimToHeaders: [{ header: "y", claim: "sub" }] }] },
        ),
        policy("default"),
      ),
      [],
    ],
    [
      "are in order behind sidecars, where the token is checked before",
      file(byHeader(["mesh"]), gateway, pod, policy("edge")),
      [],
    ],
    [
      "are in order by the claim itself",
      file(byHeader(["g"], "headers", "@request.auth.claims.sub"), gateway, pod, policy("edge")),
      [],
    ],
  ]);
});
