import fc from "fast-check";
import { expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ResourceTables } from "../../../../src/config/snapshot.js";
import { createBackendPolicies } from "../../../../src/mesh/gateway-api/backend-policies.js";
import { createGatewayApi } from "../../../../src/mesh/gateway-api/gateway-api.js";
import { gateway, route } from "./tables-of.js";

const TIMEOUT = { timeout: 60_000 };

const EDGE = "{ name: edge, namespace: front }";
const SHOP = '{ group: "", kind: Service, name: shop }';
const rules = (backend: string): string =>
  `rules: [{ backendRefs: [{ name: ${backend}, port: 80 }] }]`;

const policy = (name: string, target: string, hostname: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: "", kind: Service, ${target} }]
  validation: { hostname: ${hostname}, wellKnownCACertificates: System }`;

const MORE = "{ group: gateway.networking.k8s.io, kind: ListenerSet, name: more }";
const listenerSet = (kind: "ListenerSet" | "XListenerSet", port: number): string =>
  `apiVersion: ${kind === "ListenerSet" ? "gateway.networking.k8s.io/v1" : "gateway.networking.x-k8s.io/v1alpha1"}
kind: ${kind}
metadata: { name: more }
spec: { parentRef: ${EDGE}, listeners: [{ name: a, port: ${port}, protocol: HTTP }] }`;

/** The forms of each resource; it may also be absent. */
const FORMS: readonly (readonly string[])[] = [
  [
    gateway("[{ name: a, port: 80, protocol: HTTP }]"),
    gateway(
      "[{ name: a, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]",
    ),
    gateway(
      "[{ name: a, port: 80, protocol: HTTP }]",
      ", allowedListeners: { namespaces: { from: Same } }",
    ),
    gateway(
      "[{ name: b, port: 81, protocol: HTTP }]",
      ', allowedListeners: { namespaces: { from: Selector, selector: { matchLabels: { open: "yes" } } } }',
    ),
    gateway(
      '[{ name: a, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { open: "yes" } } } } }]',
    ),
  ],
  ["yes", "no"].map(
    (open) => `apiVersion: v1
kind: Namespace
metadata: { name: default, labels: { open: "${open}" } }`,
  ),
  [listenerSet("ListenerSet", 80), listenerSet("ListenerSet", 81)],
  [listenerSet("XListenerSet", 81)],
  [
    `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }] }`,
  ],
  [
    `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: grant, namespace: other }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }]
  to: [{ group: "", kind: Service }]`,
  ],
  [
    route("HTTPRoute", "one", `{ parentRefs: [${EDGE}], ${rules("a")} }`),
    route(
      "HTTPRoute",
      "one",
      `{ parentRefs: [${EDGE}, ${SHOP}], hostnames: [a.example], ${rules("b")} }`,
    ),
    route("HTTPRoute", "one", `{ parentRefs: [${SHOP}], ${rules("c, namespace: other")} }`),
    route(
      "HTTPRoute",
      "one",
      `{ parentRefs: [${MORE}, ${EDGE}], ${rules("d").replace("{ backend", "{ sessionPersistence: {}, backend")} }`,
    ),
  ],
  [
    route(
      "HTTPRoute",
      "two",
      `{ parentRefs: [${EDGE}], hostnames: [a.example], ${rules("a, namespace: other")} }`,
    ),
    route(
      "HTTPRoute",
      "two",
      `{ parentRefs: [${SHOP.replace(" }", ", port: 80 }")}], ${rules("d")} }`,
    ),
  ],
  [route("GRPCRoute", "calls", `{ parentRefs: [${EDGE}, ${SHOP}], ${rules("e")} }`)],
  [
    policy("one", "name: shop", "a.example"),
    policy("one", "name: shop, sectionName: http", "b.example"),
  ],
  [policy("two", "name: shop", "c.example"), policy("two", "name: gone", "c.example")],
  [route("TCPRoute", "bytes", `{ parentRefs: [${EDGE}, ${SHOP}], ${rules("f")} }`)],
];

/** Which form of each resource there is. */
const choice = fc.tuple(
  ...FORMS.map((forms) => fc.option(fc.constantFrom(...forms), { nil: undefined })),
);

function tablesOf(chosen: readonly (string | undefined)[]): ResourceTables {
  const texts = chosen.filter((text) => text !== undefined);
  return parseOffline([{ path: "mesh.yaml", text: ["# all\n", ...texts].join("\n---\n") }]).tables;
}

/** Tells all that resources mean, as text. */
function printer(engine: Engine): (tables: ResourceTables) => string {
  const routing = createGatewayApi(engine);
  const policies = createBackendPolicies(engine);
  return (tables) => {
    const { Gateway, VirtualService } = routing(tables, tables);
    return JSON.stringify([Gateway, VirtualService, policies(tables)].map((all) => all.sorted()));
  };
}

test(
  "what is remembered of earlier resources changes nothing of what later ones mean",
  TIMEOUT,
  () => {
    fc.assert(
      fc.property(fc.array(choice, { minLength: 2, maxLength: 6 }), (edits) => {
        const remembering = printer(new Engine());
        for (const chosen of edits) {
          const tables = tablesOf(chosen);
          const fresh = printer(new Engine({ memo: false }));
          expect(remembering(tables)).toBe(fresh(tables));
        }
      }),
      { numRuns: 60 },
    );
  },
);
