import { expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import type { ResourceOf } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ResourceTables } from "../../../../src/config/snapshot.js";
import { createGatewayApi } from "../../../../src/mesh/gateway-api/gateway-api.js";

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }, { name: http-more, port: 81 }] }`;

const ENTRY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside }
spec: { hosts: [a.example, b.example], ports: [{ number: 80, name: http, protocol: HTTP }] }`;

interface Written {
  readonly name: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly parents: string;
  readonly rules?: string;
}

const SHOP = '{ group: "", kind: Service, name: shop, namespace: default }';

const route = ({ name, namespace = "default", created, parents, rules }: Written): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace}${created === undefined ? "" : `, creationTimestamp: "${created}"`} }
spec:
  parentRefs: [${parents}]
  rules: ${rules ?? `[{ backendRefs: [{ name: ${name}, port: 80 }] }]`}`;

function tablesOf(...texts: readonly string[]): ResourceTables {
  const snapshot = parseOffline([{ path: "mesh.yaml", text: texts.join("\n---\n") }]);
  expect(snapshot.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return snapshot.tables;
}

const made = (tables: ResourceTables): readonly ResourceOf<"VirtualService">[] =>
  createGatewayApi(new Engine())(tables, tables)
    .VirtualService.sorted()
    .map(([, one]) => one);

const namesOf = (one: ResourceOf<"VirtualService"> | undefined): readonly string[] =>
  (one?.spec.http ?? []).flatMap(({ name }) => name ?? []);

test("a route at a Service is a VirtualService for its host in the mesh", () => {
  const [one, ...others] = made(tablesOf(SERVICE, route({ name: "v2", parents: SHOP })));
  expect(others).toEqual([]);
  expect(one?.metadata.name).toBe("default~shop.default.svc.cluster.local");
  expect(one?.spec).toMatchObject({
    hosts: ["shop.default.svc.cluster.local"],
    gateways: ["mesh"],
    http: [{ route: [{ destination: { host: "v2.default.svc.cluster.local" } }] }],
  });
  expect(one?.spec).not.toHaveProperty("exportTo");
});

test("a route of another namespace than its Service's is for the callers of that namespace", () => {
  const [one] = made(tablesOf(SERVICE, route({ name: "own", namespace: "other", parents: SHOP })));
  expect(one?.metadata.namespace).toBe("other");
  expect(one?.spec.exportTo).toEqual(["."]);
});

test("routes of one namespace at one Service are one VirtualService, the rules of the older first", () => {
  const [one, ...others] = made(
    tablesOf(
      SERVICE,
      route({ name: "a", created: "2021-01-01T00:00:00Z", parents: SHOP }),
      route({ name: "b", created: "2020-01-01T00:00:00Z", parents: SHOP }),
      route({
        name: "c",
        created: "2022-01-01T00:00:00Z",
        parents: SHOP,
        rules: "[{ matches: [{ path: { value: /c } }] }]",
      }),
    ),
  );
  expect(others).toEqual([]);
  expect(namesOf(one)).toEqual(["default.c.0", "default.b.0", "default.a.0"]);
  expect(one?.metadata.creationTimestamp).toBe("2020-01-01T00:00:00Z");
});

test.each([
  ["its number", "port: 81"],
  ["its name", "sectionName: http-more"],
  ["both", "port: 81, sectionName: http-more"],
])("a route can be for one port by %s, and is matched with those for all", (_what, field) => {
  const tables = tablesOf(
    SERVICE,
    route({ name: "all", parents: SHOP }),
    route({
      name: "more",
      parents: SHOP.replace("}", `, ${field} }`),
      rules: "[{ matches: [{ path: { value: /more } }] }]",
    }),
  );
  expect(
    made(tables).map(({ metadata, spec }) => [
      metadata.name,
      spec.http?.map(({ name, match }) => [name, match?.[0]?.port]),
    ]),
  ).toEqual([
    [
      "default~shop.default.svc.cluster.local",
      [
        ["default.more.0", 81],
        ["default.all.0", undefined],
      ],
    ],
  ]);
});

test("a route at a ServiceEntry is for each of its hosts", () => {
  const parents = "{ group: networking.istio.io, kind: ServiceEntry, name: outside }";
  const all = made(tablesOf(ENTRY, route({ name: "v2", parents })));
  expect(all.map(({ spec }) => spec.hosts)).toEqual([["a.example"], ["b.example"]]);
});

test.each([
  ["a Service that there is not", SHOP.replace("shop", "gone")],
  ["a port that there is not", SHOP.replace("}", ", port: 82 }")],
  ["a name that no port has", SHOP.replace("}", ", sectionName: https }")],
  ["a port and a name of another", SHOP.replace("}", ", port: 80, sectionName: http-more }")],
  ["a kind that takes no routes", "{ group: apps, kind: Deployment, name: shop }"],
])("a route at %s means nothing", (_what, parents) => {
  expect(made(tablesOf(SERVICE, route({ name: "v2", parents })))).toEqual([]);
});

test("an edit of one route computes what there is at its Service, and nothing else", () => {
  const computed: string[] = [];
  const api = createGatewayApi(
    new Engine({ record: (name, key) => computed.push(`${name} ${key}`) }),
  );
  const text = [
    SERVICE,
    SERVICE.replace("shop", "cart"),
    route({ name: "a", parents: SHOP.replace("shop", "cart") }),
    route({ name: "b", parents: SHOP }),
  ];
  const before = tablesOf(...text);
  const after = tablesOf(...text.slice(0, 3), route({ name: "b", parents: SHOP, rules: "[{}]" }));
  const edited = {
    ...before,
    HTTPRoute: before.HTTPRoute.with("default/b", after.HTTPRoute.get("default/b") ?? never()),
  };
  const first = api(before, before).VirtualService;
  computed.length = 0;
  const second = api(edited, edited).VirtualService;
  const [cart, shop] = ["cart", "shop"].map(
    (name) => `default/default~${name}.default.svc.cluster.local`,
  );
  expect(second.get(cart ?? "")).toBe(first.get(cart ?? ""));
  expect(second.get(shop ?? "")).not.toEqual(first.get(shop ?? ""));
  expect(computed.filter((one) => one.startsWith("virtual services of routes"))).toEqual([
    "virtual services of routes at Service default/shop",
  ]);
});

function never(): never {
  throw new Error("the route is not in force");
}
