import { expect, test } from "vitest";
import { gateway, madeOf, route, tablesOf } from "./tables-of.js";

const GATEWAY = gateway(
  "[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]",
);

const RULES = `
  - { name: headers, matches: [{ headers: [{ name: x-a, value: "1" }, { name: x-b, value: "2" }] }] }
  - { name: method, matches: [{ method: { method: Add } }] }
  - { name: service, matches: [{ method: { service: shop.Cart } }] }
  - { name: call, matches: [{ method: { service: shop.Cart, method: Add } }] }
  - { name: any }`;

test("calls that a method tells come before those that headers alone tell", () => {
  const parents = "parentRefs: [{ name: edge, namespace: front }]";
  const tables = tablesOf(
    GATEWAY,
    route("GRPCRoute", "calls", `\n  ${parents}\n  rules: ${RULES}`),
  );
  const [made] = madeOf(tables).virtualServices;
  const names = made?.spec.http?.map(({ name }) => name);
  expect(names).toEqual(["call", "service", "method", "headers", "any"]);
});
