import { describe } from "vitest";
import { tryRows } from "../../findings-of.js";

const RULE = "spec.rules[0]";
const a = { name: "a", port: 80 };
const rule = (fields: object) => ({ rules: [{ backendRefs: [a], ...fields }] });
const parents = (...parentRefs: object[]) => ({ parentRefs });
const SERVICE = { group: "", kind: "Service", name: "a" };

describe("the parents of an HTTPRoute", () => {
  tryRows("HTTPRoute", [
    ["are a Gateway when they do not say", parents({ name: "a" }), []],
    ["are named", parents({}), ["spec.parentRefs[0].name"]],
    ["can be several", parents({ name: "a" }, { name: "b" }, SERVICE), []],
    [
      "are each there once",
      parents({ name: "a" }, { name: "a", sectionName: "b" }, { name: "a", sectionName: "b" }),
      ["spec.parentRefs[0]", "spec.parentRefs[2]"],
    ],
    ["can be parts of one", parents({ ...SERVICE, port: 80 }, { ...SERVICE, port: 81 }), []],
    [
      "are of a namespace",
      parents({ name: "a", namespace: "A_b" }),
      ["spec.parentRefs[0].namespace"],
    ],
    ["have ports that there are", parents({ ...SERVICE, port: 0 }), ["spec.parentRefs[0].port"]],
  ]);
});

describe("the hostnames of an HTTPRoute", () => {
  const hostnames = (...names: string[]) => ({ hostnames: names });
  tryRows("HTTPRoute", [
    ["can have a wildcard in front", hostnames("a.example", "*.example"), []],
    ["are no IP addresses", hostnames("10.0.0.1"), ["spec.hostnames[0]"]],
    ["are in lower case", hostnames("A.example", "*"), ["spec.hostnames[0]", "spec.hostnames[1]"]],
  ]);
});

describe("the matches of an HTTPRoute", () => {
  const path = (value: string, type?: string) =>
    rule({ matches: [{ path: { value, ...(type === undefined ? {} : { type }) } }] });
  const AT = `${RULE}.matches[0]`;
  tryRows("HTTPRoute", [
    ["are of paths that begin with a slash", path("a"), [`${AT}.path.value`]],
    ["are of paths without empty segments", path("/a//b"), [`${AT}.path.value`]],
    ["are of paths that lead nowhere else", path("/a/.."), [`${AT}.path.value`]],
    ["are of characters that paths have", path("/a b"), [`${AT}.path.value`]],
    ["are by expressions that there are", path("(", "RegularExpression"), [`${AT}.path.value`]],
    ["are of a known type", path("/a", "Prefix"), [`${AT}.path.type`]],
    [
      "are of each header once, and of one in another case the first counts",
      rule({
        matches: [
          {
            headers: [
              { name: "A", value: "b" },
              { name: "a", value: "c" },
              { name: "A", value: "d" },
            ],
          },
        ],
      }),
      [`${AT}.headers[2].name`, `warning ${AT}.headers[1].name`],
    ],
    [
      "are of each parameter once, whose case counts",
      rule({
        matches: [
          {
            queryParams: [
              { name: "A", value: "b" },
              { name: "a", value: "c" },
              { name: "A", value: "d" },
            ],
          },
        ],
      }),
      [`${AT}.queryParams[2].name`],
    ],
    ["are of methods in capitals", rule({ matches: [{ method: "get" }] }), [`${AT}.method`]],
    ["have no fields of VirtualServices", rule({ matches: [{ uri: "/a" }] }), [`${AT}.uri`]],
  ]);
});

describe("the filters of an HTTPRoute", () => {
  const filters = (...all: object[]) => rule({ filters: all });
  const redirect = { type: "RequestRedirect", requestRedirect: { hostname: "b.example" } };
  const rewrite = { type: "URLRewrite", urlRewrite: { hostname: "b.example" } };
  const prefix = { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" };
  const AT = `${RULE}.filters`;
  tryRows("HTTPRoute", [
    ["have the field of their type", filters({ type: "URLRewrite" }), [`${AT}[0]`]],
    ["have no field of another type", filters({ ...rewrite, cors: {} }), [`${AT}[0].cors`]],
    ["are there once", filters(rewrite, rewrite), [`${AT}[1].type`]],
    ["redirect what goes to no backend", filters(redirect), [`${RULE}.backendRefs`]],
    ["redirect or rewrite", { rules: [{ filters: [redirect, rewrite] }] }, [`${AT}[1].type`]],
    [
      "replace prefixes of rules that match one",
      filters({ type: "URLRewrite", urlRewrite: { path: prefix } }),
      [],
    ],
    [
      "replace prefixes of no other rules",
      rule({
        matches: [{ path: { type: "Exact", value: "/a" } }],
        filters: [{ type: "URLRewrite", urlRewrite: { path: prefix } }],
      }),
      [`${AT}[0]`],
    ],
    [
      "copy a part of the requests, said in one way",
      filters({
        type: "RequestMirror",
        requestMirror: { backendRef: a, percent: 5, fraction: { numerator: 3, denominator: 2 } },
      }),
      [`${AT}[0].requestMirror.fraction`, `${AT}[0].requestMirror.fraction.numerator`],
    ],
    [
      "are of origins, or of all",
      filters({ type: "CORS", cors: { allowOrigins: ["a.example", "*"] } }),
      [`${AT}[0].cors.allowOrigins[0]`, `${AT}[0].cors.allowOrigins`],
    ],
    [
      "ask by the protocol that they say, and need its settings",
      filters({
        type: "ExternalAuth",
        externalAuth: { protocol: "GRPC", backendRef: a, http: {} },
      }),
      [`${AT}[0].externalAuth`, `${AT}[0].externalAuth.http`],
    ],
    [
      "ask about a body of some size",
      filters({
        type: "ExternalAuth",
        externalAuth: {
          protocol: "HTTP",
          backendRef: a,
          http: {},
          forwardBody: { maxSize: 65536 },
        },
      }),
      [`${AT}[0].externalAuth.forwardBody.maxSize`],
    ],
    [
      "ask somebody of a port, by names that headers can have",
      filters({
        type: "ExternalAuth",
        externalAuth: {
          protocol: "HTTP",
          backendRef: { name: "a" },
          http: { path: "/a?b", allowedHeaders: ["x-a", "b c"], allowedResponseHeaders: [":path"] },
        },
      }),
      [
        `${AT}[0].externalAuth.backendRef.port`,
        `${AT}[0].externalAuth.http.allowedHeaders[1]`,
        `${AT}[0].externalAuth.http.allowedResponseHeaders[0]`,
        `${AT}[0].externalAuth.http.path`,
      ],
    ],
    [
      "are some that fairlead does not have",
      filters({ type: "ExtensionRef", extensionRef: { group: "a.b", kind: "C", name: "d" } }),
      [`warning ${AT}[0].type`],
    ],
    [
      "change headers that can be changed",
      filters({
        type: "RequestHeaderModifier",
        requestHeaderModifier: { set: [{ name: ":path", value: "/" }], remove: ["host"] },
      }),
      [`${AT}[0].requestHeaderModifier.set[0].name`, `${AT}[0].requestHeaderModifier.remove[0]`],
    ],
    [
      "change each header once, and of one in another case the first counts",
      filters({
        type: "ResponseHeaderModifier",
        responseHeaderModifier: {
          add: [
            { name: "X-A", value: "b" },
            { name: "x-a", value: "c" },
          ],
        },
      }),
      [`warning ${AT}[0].responseHeaderModifier.add[1].name`],
    ],
    [
      "of a backend are about headers",
      rule({ backendRefs: [{ ...a, filters: [rewrite] }] }),
      [`warning ${RULE}.backendRefs[0].filters[0].type`],
    ],
  ]);
});

describe("the rules of an HTTPRoute", () => {
  tryRows("HTTPRoute", [
    [
      "have a port for a Service",
      rule({ backendRefs: [{ name: "a" }] }),
      [`${RULE}.backendRefs[0].port`],
    ],
    [
      "have weights of up to a million",
      rule({ backendRefs: [{ ...a, weight: 1_000_001 }] }),
      [`${RULE}.backendRefs[0].weight`],
    ],
    [
      "have timeouts of which that of a try is not longer",
      rule({ timeouts: { request: "1s", backendRequest: "1500ms" } }),
      [`${RULE}.timeouts.backendRequest`],
    ],
    [
      "have timeouts in whole numbers",
      rule({ timeouts: { request: "1.5s" } }),
      [`${RULE}.timeouts.request`],
    ],
    ["try again on errors", rule({ retry: { codes: [200] } }), [`${RULE}.retry.codes[0]`]],
    ["have names of their own", { rules: [{ name: "a" }, { name: "a" }] }, ["spec.rules[1].name"]],
    ["keep sessions", rule({ sessionPersistence: {} }), []],
    [
      "keep sessions of names that there can be",
      rule({ sessionPersistence: { sessionName: "a b", absoluteTimeout: "1 h" } }),
      [
        `${RULE}.sessionPersistence.sessionName`,
        `${RULE}.sessionPersistence.absoluteTimeout`,
        `warning ${RULE}.sessionPersistence.absoluteTimeout`,
      ],
    ],
    [
      "keep sessions by permanent cookies for a time",
      rule({ sessionPersistence: { cookieConfig: { lifetimeType: "Permanent" } } }),
      [`${RULE}.sessionPersistence.absoluteTimeout`],
    ],
    [
      "keep sessions by a header without a cookie",
      rule({ sessionPersistence: { type: "Header", cookieConfig: {} } }),
      [`${RULE}.sessionPersistence.cookieConfig`],
    ],
    [
      "keep no sessions that end when they are idle",
      rule({
        sessionPersistence: { idleTimeout: "1m" },
        backendRefs: [a, { name: "b", port: 80 }],
      }),
      [`warning ${RULE}.sessionPersistence.idleTimeout`],
    ],
    ...[
      { sessionPersistence: { type: "Header" } },
      { sessionPersistence: {}, matches: [{ headers: [{ name: "Cookie", value: "a=b" }] }] },
    ].map(
      (fields) =>
        [
          "keep sessions with one of several backends by a cookie of their own",
          rule({ ...fields, backendRefs: [a, { name: "b", port: 80 }] }),
          [`warning ${RULE}.sessionPersistence`],
        ] as const,
    ),
    [
      "keep sessions with one backend by a header",
      rule({ sessionPersistence: { type: "Header" } }),
      [],
    ],
  ]);
});
