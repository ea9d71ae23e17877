import { expect, test } from "vitest";
import { any } from "../../../src/envoy/any.js";
import type { PermissionJson, PrincipalJson, RBACJson } from "../../../src/envoy/api.js";
import { askRbac, type Examined } from "../../../src/simulator/access/rbac.js";
import { call, request } from "./calls.js";

const PRINCIPAL = "spiffe://cluster.local/ns/default/sa/caller";

const ASKED: Examined = {
  call: call({
    destination: { address: "10.0.0.7", port: 8080 },
    source: { address: "10.0.1.9", port: 4711 },
    encryption: "mesh-tls",
    principal: PRINCIPAL,
    serverName: "outbound_.80_._.shop.default.svc.cluster.Local",
    request: request({
      authority: "Shop.example.com",
      method: "PUT",
      path: "/items/7/parts?all=yes",
      headers: { "x-role": "admin" },
    }),
  }),
  metadata: { "envoy.filters.http.jwt_authn": { payload: { iss: "me", groups: ["a", "b"] } } },
};

const rules = (
  permission: PermissionJson,
  principal: PrincipalJson,
  action: RBACJson["action"] = "ALLOW",
): RBACJson => ({
  action,
  policies: { rule: { permissions: [permission], principals: [principal] } },
});

const permits = (permission: PermissionJson): boolean =>
  askRbac(rules(permission, { any: true }), ASKED).isAllowed;

const names = (principal: PrincipalJson): boolean =>
  askRbac(rules({ any: true }, principal), ASKED).isAllowed;

const template = (pathTemplate: string): PermissionJson => ({
  uriTemplate: { name: "uri-template", typedConfig: any("template", { pathTemplate }) },
});

const PERMISSIONS: readonly (readonly [string, PermissionJson, boolean])[] = [
  ["a method", { header: { name: ":method", stringMatch: { exact: "PUT" } } }, true],
  ["another method", { header: { name: ":method", stringMatch: { exact: "GET" } } }, false],
  [
    "a host in other letters",
    {
      header: { name: ":authority", stringMatch: { exact: "shop.example.com", ignoreCase: true } },
    },
    true,
  ],
  ["a header", { header: { name: "X-Role", presentMatch: true } }, true],
  ["a header that is not there", { header: { name: "x-none", presentMatch: true } }, false],
  ["a path without its query", { urlPath: { path: { suffix: "/parts" } } }, true],
  ["another path", { urlPath: { path: { exact: "/items" } } }, false],
  ["a template with a segment", template("/items/*/parts"), true],
  ["a template with some segments", template("/items/**"), true],
  ["a template with too few segments", template("/items/*"), false],
  ["a range of addresses", { destinationIp: { addressPrefix: "10.0.0.0", prefixLen: 24 } }, true],
  ["another range", { destinationIp: { addressPrefix: "10.0.9.0", prefixLen: 24 } }, false],
  ["a port", { destinationPort: 8080 }, true],
  ["another port", { destinationPort: 80 }, false],
  ["a server name", { requestedServerName: { prefix: "outbound_.80" } }, true],
  ["a server name as it is written", { requestedServerName: { suffix: ".Local" } }, false],
  ["not something", { notRule: { destinationPort: 80 } }, true],
  ["one of two", { orRules: { rules: [{ destinationPort: 1 }, { any: true }] } }, true],
  ["both of two", { andRules: { rules: [{ destinationPort: 1 }, { any: true }] } }, false],
];

test.each(PERMISSIONS)("a rule that permits %s is for the request or not", (_, permission, is) => {
  expect(permits(permission)).toBe(is);
});

test.each([
  ["/items/*/parts", "/items/a'b*/parts", true],
  ["/items/*/parts", "/items/[7]/parts", false],
  ["/items/**", "/items/7/[8]", false],
])("the template %s is for the path %s or not: %s", (pathTemplate, path, is) => {
  const asked = { ...ASKED, call: call({ request: request({ path }) }) };
  expect(askRbac(rules(template(pathTemplate), { any: true }), asked).isAllowed).toBe(is);
});

const claim = (key: string, value: object): PrincipalJson => ({
  metadata: { filter: "envoy.filters.http.jwt_authn", path: [{ key: "payload" }, { key }], value },
});

const PRINCIPALS: readonly (readonly [string, PrincipalJson, boolean])[] = [
  ["an identity", { authenticated: { principalName: { exact: PRINCIPAL } } }, true],
  ["another identity", { authenticated: { principalName: { exact: "spiffe://x" } } }, false],
  ["anybody with one", { authenticated: {} }, true],
  ["an address", { directRemoteIp: { addressPrefix: "10.0.1.9", prefixLen: 32 } }, true],
  ["another address", { remoteIp: { addressPrefix: "10.0.2.0", prefixLen: 24 } }, false],
  ["an address as IPv6", { remoteIp: { addressPrefix: "::ffff:10.0.1.9", prefixLen: 128 } }, false],
  ["a claim", claim("iss", { stringMatch: { exact: "me" } }), true],
  [
    "a member of a claim",
    claim("groups", { listMatch: { oneOf: { stringMatch: { exact: "b" } } } }),
    true,
  ],
  ["a claim that is not there", claim("sub", { stringMatch: { prefix: "" } }), false],
  ["nobody", { notId: { any: true } }, false],
];

test.each(PRINCIPALS)("a rule that names %s is for the caller or not", (_, principal, is) => {
  expect(names(principal)).toBe(is);
});

test("the address that proxies tell is the client's, and not that of the connection", () => {
  const told = { ...ASKED, clientAddress: "172.16.0.1" };
  const range = { addressPrefix: "172.16.0.0", prefixLen: 16 };
  const isFor = (principal: PrincipalJson): boolean =>
    askRbac(rules({ any: true }, principal), told).isAllowed;
  expect(isFor({ remoteIp: range })).toBe(true);
  expect(isFor({ directRemoteIp: range })).toBe(false);
});

test("nobody has an identity in plaintext", () => {
  const { principal: _, ...plaintext } = ASKED.call;
  const asked = { ...ASKED, call: plaintext };
  expect(askRbac(rules({ any: true }, { authenticated: {} }), asked)).toEqual({ isAllowed: false });
});

test("what a rule denies is denied, and what it only logs is let through", () => {
  const everything = { any: true };
  expect(askRbac(rules(everything, everything, "DENY"), ASKED)).toEqual({
    isAllowed: false,
    policy: "rule",
  });
  expect(askRbac(rules(everything, everything, "LOG"), ASKED).isAllowed).toBe(true);
  expect(askRbac({ action: "DENY" }, ASKED)).toEqual({ isAllowed: true });
});

test("of several rules the first by name counts", () => {
  const one = { permissions: [{ any: true }], principals: [{ any: true }] };
  expect(askRbac({ policies: { b: one, a: one } }, ASKED).policy).toBe("a");
});
