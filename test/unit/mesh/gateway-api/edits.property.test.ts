import fc from "fast-check";
import { expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ResourceTables } from "../../../../src/config/snapshot.js";
import { createGatewayApi } from "../../../../src/mesh/gateway-api/gateway-api.js";
import { gateway, route } from "./tables-of.js";

const TIMEOUT = { timeout: 60_000 };

const EDGE = "{ name: edge, namespace: front }";
const SHOP = '{ group: "", kind: Service, name: shop }';
const rules = (backend: string): string =>
  `rules: [{ backendRefs: [{ name: ${backend}, port: 80 }] }]`;

/** The forms of each resource; it may also be absent. */
const FORMS: readonly (readonly string[])[] = [
  [
    gateway("[{ name: a, port: 80, protocol: HTTP }]"),
    gateway(
      "[{ name: a, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]",
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

/** All that resources mean, as text. */
function printed(tables: ResourceTables, api: ReturnType<typeof createGatewayApi>): string {
  const { Gateway, VirtualService } = api(tables, tables);
  return JSON.stringify([Gateway.sorted(), VirtualService.sorted()]);
}

test(
  "what is remembered of earlier resources changes nothing of what later ones mean",
  TIMEOUT,
  () => {
    fc.assert(
      fc.property(fc.array(choice, { minLength: 2, maxLength: 6 }), (edits) => {
        const remembering = createGatewayApi(new Engine());
        for (const chosen of edits) {
          const tables = tablesOf(chosen);
          const fresh = createGatewayApi(new Engine({ memo: false }));
          expect(printed(tables, remembering)).toBe(printed(tables, fresh));
        }
      }),
      { numRuns: 60 },
    );
  },
);
