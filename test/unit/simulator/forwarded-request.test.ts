import { expect, test } from "vitest";
import type { RouteJson } from "../../../src/envoy/api.js";
import { forwardedRequest } from "../../../src/simulator/forwarded-request.js";
import { request } from "./calls.js";

const GIVEN = request({ path: "/api/v1/items?all=yes", headers: { "x-a": "1", "x-b": "2" } });

const ROUTES: readonly (readonly [string, RouteJson, object])[] = [
  ["nothing to say", { route: { cluster: "c" } }, {}],
  [
    "a prefix to rewrite",
    { match: { prefix: "/api/v1" }, route: { prefixRewrite: "/v2" } },
    { path: "/v2/items?all=yes" },
  ],
  [
    "a prefix to rewrite, by which a pattern is meant",
    { match: { safeRegex: { regex: "/api/.*" } }, route: { prefixRewrite: "/v2" } },
    { path: "/v2?all=yes" },
  ],
  [
    "a pattern to rewrite",
    {
      match: { prefix: "/" },
      route: { regexRewrite: { pattern: { regex: "^/api/(v\\d)/" }, substitution: "/\\1/api/" } },
    },
    { path: "/v1/api/items?all=yes" },
  ],
  [
    "a path in the place of the whole one, with a backslash and a dollar",
    { route: { regexRewrite: { pattern: { regex: "/.*" }, substitution: "/x\\\\1$1" } } },
    { path: "/x\\1$1?all=yes" },
  ],
  [
    "a pattern to rewrite that takes nothing too, which is nothing behind another match",
    { route: { regexRewrite: { pattern: { regex: "[^/]*$" }, substitution: "x" } } },
    { path: "/api/v1/x?all=yes" },
  ],
  ["a host", { route: { hostRewriteLiteral: "other" } }, { authority: "other" }],
  [
    "headers to add, set and remove",
    {
      requestHeadersToAdd: [
        { header: { key: "X-A", value: "3" } },
        { header: { key: "x-b", value: "4" }, appendAction: "OVERWRITE_IF_EXISTS_OR_ADD" },
        { header: { key: "x-c", value: "5" } },
      ],
      requestHeadersToRemove: ["x-none"],
    },
    { headers: { "x-a": "1,3", "x-b": "4", "x-c": "5" } },
  ],
  [
    "a header with percent signs and a command",
    { requestHeadersToAdd: [{ header: { key: "x-c", value: "50%%%PROTOCOL%%%" } }] },
    { headers: { ...GIVEN.headers, "x-c": "50%%PROTOCOL%%" } },
  ],
  ["a header to remove", { requestHeadersToRemove: ["X-A"] }, { headers: { "x-b": "2" } }],
];

test.each(ROUTES)("a route with %s sends the request on so", (_, route, changed) => {
  expect(forwardedRequest(GIVEN, route)).toEqual({ ...GIVEN, ...changed });
});

test("one of several clusters changes headers and host of its own, and its route those of all", () => {
  const own = {
    requestHeadersToAdd: [{ header: { key: "x-c", value: "5" } }],
    requestHeadersToRemove: ["x-a"],
    hostRewriteLiteral: "own",
  };
  const all = { requestHeadersToAdd: [{ header: { key: "x-b", value: "3" } }] };
  expect(forwardedRequest(GIVEN, all, own)).toEqual({
    ...GIVEN,
    authority: "own",
    headers: { "x-b": "2,3", "x-c": "5" },
  });
  const rewriting = { route: { hostRewriteLiteral: "other" } };
  expect(forwardedRequest(GIVEN, rewriting, own).authority).toBe("other");
});
