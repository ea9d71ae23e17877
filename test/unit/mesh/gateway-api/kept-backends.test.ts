/** Sessions of rules with several backends. */
import { expect, test } from "vitest";
import { gateway, madeOf, route, tablesOf } from "./tables-of.js";

const EDGE = gateway(
  "[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]",
);
const TWO = "backendRefs: [{ name: a, port: 80, weight: 9 }, { name: b, port: 80, weight: 1 }]";
const HOST_A = "a.default.svc.cluster.local";

/** The HTTP routes that the rules of a route mean, in their order. */
function routesOf(rules: string) {
  const spec = `{ parentRefs: [{ name: edge, namespace: front }], rules: ${rules} }`;
  const { virtualServices } = madeOf(tablesOf(EDGE, route("HTTPRoute", "one", spec)));
  return virtualServices.flatMap(({ spec: { http = [] } }) => http);
}

test("in front of the shared route there is one for the clients of each backend", () => {
  const [first, second, shared, ...more] = routesOf(
    `[{ sessionPersistence: { sessionName: own }, ${TWO} }]`,
  );
  expect(more).toEqual([]);
  const regex = `(.*; *)?own-backend=${HOST_A.replaceAll(".", "\\.")}:80(;.*)?`;
  expect(first).toMatchObject({
    match: [{ uri: { prefix: "/" }, headers: { cookie: { regex } } }],
    route: [{ destination: { host: HOST_A } }],
  });
  expect(first?.route?.[0]).not.toHaveProperty("weight");
  expect(second?.route).toMatchObject([{ destination: { host: "b.default.svc.cluster.local" } }]);
  expect(shared?.route).toMatchObject([
    {
      weight: 9,
      headers: {
        response: { add: { "Set-Cookie": `own-backend=${HOST_A}:80; Path=/; HttpOnly` } },
      },
    },
    { weight: 1 },
  ]);
});

test("the cookie of the backend lasts as long as that of the endpoint", () => {
  const how =
    "{ sessionName: own, absoluteTimeout: 1m30s, cookieConfig: { lifetimeType: Permanent } }";
  const shared = routesOf(`[{ sessionPersistence: ${how}, ${TWO} }]`)[2];
  expect(shared?.route?.[0]?.headers?.response?.add).toEqual({
    "Set-Cookie": `own-backend=${HOST_A}:80; Max-Age=90; Path=/; HttpOnly`,
  });
});

test("requests for another rule are its own, whatever cookies they have", () => {
  const rules = `[
    { name: kept, sessionPersistence: {}, ${TWO} },
    { name: chosen, matches: [{ headers: [{ name: x-a, value: b }] }], backendRefs: [{ name: c, port: 80 }] }]`;
  expect(routesOf(rules).map(({ name }) => name)).toEqual(["chosen", "kept", "kept", "kept"]);
});

test("nothing is added where one backend gets all, or cookies are matched", () => {
  const one = "backendRefs: [{ name: a, port: 80 }, { name: b, port: 80, weight: 0 }]";
  expect(routesOf(`[{ sessionPersistence: {}, ${one} }]`)).toHaveLength(1);
  const match = "matches: [{ headers: [{ name: cookie, value: a=b }] }]";
  expect(routesOf(`[{ sessionPersistence: {}, ${match}, ${TWO} }]`)).toHaveLength(1);
});
