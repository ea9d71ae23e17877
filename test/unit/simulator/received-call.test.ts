import { expect, test } from "vitest";
import { any } from "../../../src/envoy/any.js";
import type { HttpConnectionManagerJson, RBACJson } from "../../../src/envoy/api.js";
import { checkAccess } from "../../../src/simulator/access/access.js";
import { receivedCall } from "../../../src/simulator/received-call.js";
import { call, request } from "./calls.js";

const EDGE = { useRemoteAddress: true };
const SIDECAR = { useRemoteAddress: false };

const received = (manager: HttpConnectionManagerJson, forwardedFor?: string) =>
  receivedCall(
    manager,
    call({
      source: { address: "10.0.0.9", port: 4711 },
      request: request({
        headers: forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor },
      }),
    }),
  );

const CLIENTS: readonly (readonly [
  string,
  HttpConnectionManagerJson,
  string,
  string | undefined,
])[] = [
  ["a sidecar believes the last proxy", SIDECAR, "1.1.1.1, 2.2.2.2", "2.2.2.2"],
  ["an edge believes nobody", EDGE, "1.1.1.1", undefined],
  [
    "an edge believes the proxies that it trusts",
    { ...EDGE, xffNumTrustedHops: 1 },
    "1.1.1.1,2.2.2.2",
    "2.2.2.2",
  ],
  [
    "an edge behind two trusted proxies believes the first",
    { ...EDGE, xffNumTrustedHops: 2 },
    "1.1.1.1,2.2.2.2",
    "1.1.1.1",
  ],
  [
    "fewer proxies than are trusted tell nothing",
    { ...EDGE, xffNumTrustedHops: 2 },
    "1.1.1.1",
    undefined,
  ],
  ["an address with a port tells nothing", SIDECAR, "1.1.1.1:80", undefined],
  ["an empty last one tells nothing", SIDECAR, "1.1.1.1,", undefined],
  ["an IPv6 address is one", SIDECAR, "2001:db8::1", "2001:db8::1"],
];

test.each(CLIENTS)("of the client's address %s", (_, manager, forwardedFor, expected) => {
  expect(received(manager, forwardedFor).clientAddress).toBe(expected);
});

test("an edge adds whom it is called by, and a sidecar does not", () => {
  const told = (manager: HttpConnectionManagerJson, before?: string) =>
    received(manager, before).call.request?.headers["x-forwarded-for"];
  expect(told(EDGE)).toBe("10.0.0.9");
  expect(told(EDGE, "1.1.1.1")).toBe("1.1.1.1,10.0.0.9");
  expect(told(SIDECAR)).toBeUndefined();
});

test("bytes that are no HTTP are taken as they are", () => {
  const bytes = call({});
  expect(receivedCall(EDGE, bytes)).toEqual({ call: bytes });
});

test("an authorizer that is off is asked about the routes that name it", () => {
  const typedConfig = any("envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
    httpService: { serverUri: { uri: "http://a.example", cluster: "a", timeout: "1s" } },
  });
  const httpFilters = [{ name: "own", disabled: true, typedConfig }];
  const manager = { ...SIDECAR, httpFilters };
  const asked = call({ request: request({}) });
  const config = any("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", {});
  const naming = { typedPerFilterConfig: { own: config } };
  expect(checkAccess({ manager, route: naming }, asked)).toMatchObject([
    { condition: "a.example allows it" },
  ]);
  expect(checkAccess({ manager, route: {} }, asked)).toEqual([]);
});

test("policies look at the path and the address that the manager makes of them", () => {
  const rules: RBACJson = {
    action: "DENY",
    policies: {
      admin: {
        permissions: [{ urlPath: { path: { exact: "/admin" } } }],
        principals: [{ remoteIp: { addressPrefix: "1.1.1.1", prefixLen: 32 } }],
      },
    },
  };
  const typedConfig = any("envoy.extensions.filters.http.rbac.v3.RBAC", { rules });
  const manager = { ...SIDECAR, normalizePath: true, httpFilters: [{ name: "rbac", typedConfig }] };
  const headers = { "x-forwarded-for": "1.1.1.1" };
  const asked = call({ request: request({ path: "/x/../%61dmin", headers }) });
  expect(checkAccess({ manager }, asked)).toMatchObject([{ isAllowed: false, policy: "admin" }]);
});

test("who shows a certificate to the application alone is nobody to policies", () => {
  const rules: RBACJson = {
    action: "DENY",
    policies: { all: { permissions: [{ any: true }], principals: [{ authenticated: {} }] } },
  };
  const typedConfig = any("envoy.extensions.filters.network.rbac.v3.RBAC", { rules });
  const chain = { filters: [{ name: "rbac", typedConfig }] };
  const asked = call({ encryption: "mesh-tls", principal: "spiffe://td/ns/a/sa/b" });
  expect(checkAccess({ chain }, asked)).toMatchObject([{ isAllowed: true }]);
});
