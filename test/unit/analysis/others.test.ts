import { describe } from "vitest";
import { conditionAnalyzer } from "../../../src/analysis/analyzers/conditions.js";
import { deprecationAnalyzer } from "../../../src/analysis/analyzers/deprecations.js";
import { envoyPatchAnalyzer } from "../../../src/analysis/analyzers/envoy-patches.js";
import { jwksFetchAnalyzer } from "../../../src/analysis/analyzers/jwks-fetches.js";
import { meshNetworksAnalyzer } from "../../../src/analysis/analyzers/mesh-networks.js";
import { routeCacheAnalyzer } from "../../../src/analysis/analyzers/route-caches.js";
import { file, resource, tryRows } from "./messages-of.js";

describe("conditions in the status of resources", () => {
  const withStatus = (kind: string, status: object) =>
    `{ apiVersion: ${kind === "Service" ? "v1" : "security.istio.io/v1"}, kind: ${kind}, metadata: { name: one },\n  status: ${JSON.stringify(status)} }`;
  const condition = (type: string, status: string, reason = "Because") => ({
    conditions: [{ type, status, reason, message: "text" }],
  });
  tryRows(conditionAnalyzer, [
    [
      "are told when they do not hold",
      withStatus("Service", condition("istio.io/WaypointBound", "False")),
      ["IST0171 Service one.default: {"],
    ],
    [
      "are not told when they hold",
      withStatus("Service", condition("istio.io/WaypointBound", "True")),
      [],
    ],
    ["are not told when they are others'", withStatus("Service", condition("Ready", "False")), []],
    [
      "are told when a waypoint took a part",
      withStatus("AuthorizationPolicy", condition("WaypointAccepted", "True", "PartiallyInvalid")),
      ["IST0171 AuthorizationPolicy one.default: {"],
    ],
    [
      "are told of the parents of a route",
      `{ apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: { name: one },\n  status: { parents: [${JSON.stringify(condition("ResolvedRefs", "False"))}] } }`,
      ["IST0171 HTTPRoute one.default: {"],
    ],
  ]);
});

describe("what Istio has given up", () => {
  tryRows(deprecationAnalyzer, [
    [
      "is told once for a VirtualService",
      resource("VirtualService", "r", {
        http: [{ fault: { delay: { percent: 5 } } }, { fault: { delay: { percent: 5 } } }],
      }),
      ["IST0002 VirtualService r.default: percent"],
    ],
    [
      "is told of Sidecars",
      resource("Sidecar", "s", { outboundTrafficPolicy: { egressProxy: { host: "a" } } }),
      ["IST0002 Sidecar s.default: egressProxy"],
    ],
    [
      "is told of kinds",
      resource("CustomResourceDefinition", "c", {
        group: "rbac.istio.io",
        names: { kind: "ServiceRole" },
      }),
      ["IST0002 CustomResourceDefinition c: ServiceRole"],
    ],
    [
      "is not what has replaced it",
      resource("VirtualService", "r", {
        http: [{ fault: { delay: { percentage: { value: 5 } } } }],
      }),
      [],
    ],
  ]);
});

describe("the patches of EnvoyFilters", () => {
  const filter = (name: string, patches: readonly object[], priority = 0) =>
    resource("EnvoyFilter", name, { priority, configPatches: patches });
  const patch = (applyTo: string, operation: string, more: object = {}) => ({
    applyTo,
    patch: { operation, value: { name: "lua" } },
    ...more,
  });
  tryRows(envoyPatchAnalyzer, [
    [
      "may add filters",
      filter("f", [patch("HTTP_FILTER", "ADD"), patch("HTTP_FILTER", "INSERT_FIRST")]),
      [],
    ],
    [
      "add nothing to routes",
      filter("f", [patch("HTTP_ROUTE", "ADD"), patch("ROUTE_CONFIGURATION", "ADD")]),
      ["IST0153 EnvoyFilter f.default: ADD"],
    ],
    [
      "remove nothing from routes",
      filter("f", [patch("ROUTE_CONFIGURATION", "REMOVE")]),
      ["IST0154 EnvoyFilter f.default: REMOVE"],
    ],
    [
      "replace filters alone",
      filter("f", [patch("CLUSTER", "REPLACE")]),
      ["IST0152 EnvoyFilter f.default: REPLACE"],
    ],
    [
      "depend on their order",
      filter("f", [patch("HTTP_FILTER", "INSERT_BEFORE"), patch("CLUSTER", "REMOVE")]),
      ["IST0151 EnvoyFilter f.default: INSERT_BEFORE"],
    ],
    ["do not with a priority", filter("f", [patch("NETWORK_FILTER", "REPLACE")], 1), []],
    [
      "depend on others for some versions of the proxy",
      file(
        filter("f", [patch("HTTP_FILTER", "MERGE", { match: { proxy: { proxyVersion: "1.*" } } })]),
        filter("g", [patch("HTTP_FILTER", "INSERT_AFTER")]),
      ),
      ["IST0155 EnvoyFilter g.default: INSERT_AFTER"],
    ],
    [
      "are not looked at behind one that is missing",
      filter("f", [{ applyTo: "CLUSTER" }, patch("CLUSTER", "REPLACE")]),
      [],
    ],
  ]);
});

describe("EnvoyFilters beside policies of routes", () => {
  const policy = (target: object) =>
    resource("AuthorizationPolicy", "p", { targetRefs: [{ name: "r", ...target }] });
  const ofRoute = policy({ group: "gateway.networking.k8s.io", kind: "HTTPRoute" });
  const filter = (...patches: readonly object[]) =>
    resource("EnvoyFilter", "f", { configPatches: patches });
  const inContext = (context: string) => ({ applyTo: "HTTP_FILTER", match: { context } });
  tryRows(routeCacheAnalyzer, [
    [
      "may change the route behind the policy, which is told once",
      file(ofRoute, filter({ applyTo: "CLUSTER" }, inContext("GATEWAY"), inContext("WAYPOINT"))),
      ["IST0178 EnvoyFilter f.default: HTTP_FILTER"],
    ],
    [
      "may do so in whatever proxy",
      file(
        resource("AuthorizationPolicy", "p", {
          targetRef: { group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "r" },
        }),
        filter({ applyTo: "HTTP_FILTER" }),
      ),
      ["IST0178 EnvoyFilter f.default: HTTP_FILTER"],
    ],
    [
      "are for sidecars, which have no such policies",
      file(ofRoute, filter(inContext("SIDECAR_INBOUND"), inContext("SIDECAR_OUTBOUND"))),
      [],
    ],
    [
      "are for something else than filters of requests",
      file(ofRoute, filter({ applyTo: "NETWORK_FILTER" })),
      [],
    ],
    [
      "do not matter to policies of whole gateways",
      file(
        policy({ group: "gateway.networking.k8s.io", kind: "Gateway" }),
        policy({ group: "other.io", kind: "HTTPRoute" }),
        filter(inContext("GATEWAY")),
      ),
      [],
    ],
  ]);
});

describe("an istiod that fetches keys", () => {
  const policy = resource("RequestAuthentication", "p");
  const istiod = (env: readonly object[]) =>
    resource(
      "Deployment",
      { name: "istiod", namespace: "istio-system", labels: { app: "istiod" } },
      {
        template: { spec: { containers: [{ name: "discovery", env }] } },
      },
    );
  tryRows(jwksFetchAnalyzer, [
    [
      "from any address is told",
      file(policy, istiod([])),
      ["IST0175 Deployment istiod.istio-system: containers"],
    ],
    [
      "from some addresses is right",
      file(policy, istiod([{ name: "BLOCKED_CIDRS_IN_JWKS_URIS", value: "10.0.0.0/8" }])),
      [],
    ],
    ["from none, as there are no policies, is right", istiod([]), []],
  ]);
});

describe("the networks of the mesh", () => {
  const networks = resource(
    "ConfigMap",
    { name: "istio", namespace: "istio-system" },
    {
      data: {
        meshNetworks:
          "networks: { a: { endpoints: [{ fromRegistry: Kubernetes }, { fromRegistry: remote }, { fromCidr: 10.0.0.0/8 }] } }",
      },
    },
  );
  const remote = resource(
    "Secret",
    { name: "s", labels: { "istio/multiCluster": "true" } },
    { stringData: { remote: "config" } },
  );
  tryRows(meshNetworksAnalyzer, [
    [
      "are told when their cluster is not known",
      networks,
      [
        "IST0126 ConfigMap istio.istio-system: networks: { a: { endpoints: [{ fromRegistry: Kubernetes }, { fromRegistry: remote }, { fromCidr: 10.0.0.0/8 }] } }",
      ],
    ],
    ["are of clusters for which there is a Secret", file(networks, remote), []],
  ]);
});
