/** What the ways to a host know of how its endpoints are chosen. */
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import { meshConfigOf } from "../../../src/config/mesh-config/mesh-config.js";
import { createMesh } from "../../../src/mesh/create-mesh.js";
import {
  type RouteRules,
  routePolicy,
  routeRuleNamespaces,
} from "../../../src/mesh/routing/route-rules.js";
import { createDirectory, documents } from "../config/directory.js";

const HOST = "carts.shop.svc.cluster.local";

const service = (name: string, spec = "{ ports: [{ port: 80, name: http }] }"): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;

const CARTS = service(
  "carts",
  "{ sessionAffinity: ClientIP, ports: [{ port: 80, name: http }, { port: 81, name: tcp }] }",
);

/** The host under another definition, for the callers of another namespace. */
const OTHER_CARTS = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: carts, namespace: other }
spec: { hosts: [${HOST}], ports: [{ number: 80, name: http }], resolution: STATIC, exportTo: ["."] }
`;

const rule = (host: string, trafficPolicy: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: carts, namespace: shop }
spec: { host: "${host}", trafficPolicy: ${trafficPolicy} }
`;

/** Rules as a directory has them that is written again and again. */
function follow(): (files: Readonly<Record<string, string>>) => RouteRules {
  const directory = createDirectory();
  const mesh = createMesh(new Engine());
  const config = meshConfigOf(undefined);
  return (files) =>
    mesh({ snapshot: directory.write(files), config, proxies: Table.empty() }).routeRules;
}

const rulesOf = (...texts: readonly string[]): RouteRules =>
  follow()({ "a.yaml": documents(...texts) });

function balancerOf(rules: RouteRules, port = 80, clientNamespace = "shop"): unknown {
  const client = { clientNamespace, rootNamespace: "istio-system" };
  return routePolicy(rules, client, { hostname: HOST, subset: "", port }).loadBalancer;
}

const BY_CLIENT = { consistentHash: { useSourceIp: true } };

test("a service chooses an endpoint for each client where it asks for that and no rule says otherwise", () => {
  expect(balancerOf(rulesOf(service("carts")))).toBeUndefined();
  expect(balancerOf(rulesOf(CARTS))).toEqual(BY_CLIENT);
});

test.each([
  ["an algorithm", "{ simple: RANDOM }", { simple: "RANDOM" }],
  [
    "another key",
    "{ consistentHash: { httpHeaderName: x-user } }",
    { consistentHash: { httpHeaderName: "x-user" } },
  ],
  ["nothing", "{ simple: UNSPECIFIED }", { simple: "UNSPECIFIED", ...BY_CLIENT }],
  [
    "which are preferred",
    "{ localityLbSetting: { enabled: false } }",
    { localityLbSetting: { enabled: false }, ...BY_CLIENT },
  ],
])(
  "a rule that says %s of load balancing leaves the rest to the service",
  (_what, said, expected) => {
    expect(balancerOf(rulesOf(CARTS, rule("carts", `{ loadBalancer: ${said} }`)))).toEqual(
      expected,
    );
  },
);

test("a rule says it for one port alone, or for all services of a namespace", () => {
  const settings = "[{ port: { number: 81 }, loadBalancer: { simple: RANDOM } }]";
  const onePort = rulesOf(CARTS, rule("carts", `{ portLevelSettings: ${settings} }`));
  expect([balancerOf(onePort), balancerOf(onePort, 81)]).toEqual([BY_CLIENT, { simple: "RANDOM" }]);
  const all = rulesOf(
    CARTS,
    rule("*.shop.svc.cluster.local", "{ loadBalancer: { simple: RANDOM } }"),
  );
  expect(balancerOf(all)).toEqual({ simple: "RANDOM" });
});

test("callers for whom the host is another service do not follow the first one", () => {
  const rules = rulesOf(CARTS, OTHER_CARTS);
  expect(balancerOf(rules)).toEqual(BY_CLIENT);
  expect(balancerOf(rules, 80, "other")).toBeUndefined();
  expect(routeRuleNamespaces(rules)).toEqual(["other", "shop"]);
});

test("ways know of no other hosts, and not of edits to these", () => {
  const write = follow();
  const before = write({ "a.yaml": CARTS, "b.yaml": service("stock") });
  expect([...before.keys()]).toEqual([HOST]);
  expect(write({ "b.yaml": service("stock", "{ ports: [{ port: 81, name: http }] }") })).toBe(
    before,
  );
  expect(write({ "a.yaml": service("carts") }).size).toBe(0);
});
