import { expect, test } from "vitest";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import { httpRouteRules } from "../../../../src/mesh/gateway-api/http-rule.js";

/** The routes that the rules of an HTTPRoute `shop` mean, and the parts of which they are. */
function routesOf(rules: string, isGranted = true) {
  const text = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec: { rules: ${rules} }`;
  const { tables, diagnostics } = parseOffline([{ path: "route.yaml", text }]);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const resource = tables.HTTPRoute.get("default/shop");
  if (resource === undefined) throw new Error("the route is not in force");
  return httpRouteRules(resource, { namespace: "default", isGranted: () => isGranted });
}

const routeOf = (rule: string, isGranted = true) => routesOf(`[{ ${rule} }]`, isGranted)[0]?.route;

const BACKEND = "backendRefs: [{ name: a, port: 80 }]";
const A = { host: "a.default.svc.cluster.local", port: { number: 80 } };
const ANY_PATH = [{ uri: { prefix: "/" } }];

test("each match of a rule is a route by itself, which knows of which part it is", () => {
  const made = routesOf(
    `[{ matches: [{ path: { value: /a/ } }, { path: { type: Exact, value: /b } }], ${BACKEND} },
      { name: rest, ${BACKEND} }]`,
  );
  expect(made.map(({ route, part }) => [route.name, route.match, part.path])).toEqual([
    ["default.shop.0", [{ uri: { prefix: "/a" } }], "rules[0].matches[0]"],
    ["default.shop.0", [{ uri: { exact: "/b" } }], "rules[0].matches[1]"],
    ["rest", ANY_PATH, "rules[1]"],
  ]);
  expect(made[0]?.part.ref).toEqual({ kind: "HTTPRoute", namespace: "default", name: "shop" });
});

test("a match has all of its conditions; the first of those on one header counts", () => {
  const match = `{ method: GET,
    headers: [{ name: X-Tier, value: gold }, { name: x-tier, value: tin }, { name: x-id, type: RegularExpression, value: "\\\\d+" }],
    queryParams: [{ name: q, value: "1" }] }`;
  expect(routeOf(`matches: [${match}], ${BACKEND}`)?.match).toEqual([
    {
      uri: { prefix: "/" },
      headers: { "x-tier": { exact: "gold" }, "x-id": { regex: "\\d+" } },
      queryParams: { q: { exact: "1" } },
      method: { exact: "GET" },
    },
  ]);
});

test("requests are spread over the backends with a weight", () => {
  const three = "{ name: a, port: 80 }, { name: b, namespace: other, port: 81, weight: 3 }";
  expect(routeOf(`backendRefs: [${three}, { name: c, port: 80, weight: 0 }]`)?.route).toEqual([
    { destination: A, weight: 1 },
    { destination: { host: "b.other.svc.cluster.local", port: { number: 81 } }, weight: 3 },
  ]);
});

test.each([
  ["no backends", "name: none"],
  ["backends without weight", "backendRefs: [{ name: a, port: 80, weight: 0 }]"],
  [
    "a filter that nobody has",
    `filters: [{ type: ExtensionRef, extensionRef: { group: a.b, kind: C, name: d } }], ${BACKEND}`,
  ],
])("the requests of a rule with %s are answered with 500", (_what, rule) => {
  expect(routeOf(rule)).toMatchObject({ directResponse: { status: 500 } });
});

test.each([
  ["a kind that is no backend", "group: apps, kind: Deployment, name: a, port: 80"],
  ["the host of a Service", "name: a.default.svc.cluster.local, port: 80"],
  [
    "a Hostname of a namespace",
    "group: networking.istio.io, kind: Hostname, name: a.b, namespace: c, port: 80",
  ],
  [
    "a backend with a filter that it cannot have",
    "name: a, port: 80, filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: b, port: 80 } } }]",
  ],
])("%s stands for no host", (_what, backend) => {
  const route = routeOf(`backendRefs: [{ ${backend} }]`);
  expect(route?.route).toEqual([{ destination: { host: "" } }]);
});

test("a backend that the route may not name stands for no host, and is sent no copies", () => {
  const filters =
    "filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: b, port: 80 } } }]";
  const route = routeOf(`${filters}, ${BACKEND}`, false);
  expect(route?.route).toEqual([{ destination: { host: "" } }]);
  expect(route).not.toHaveProperty("mirrors");
});

const asking = (settings: string): string =>
  `filters: [{ type: ExternalAuth, externalAuth: { ${settings} } }], ${BACKEND}`;

test.each([
  [
    "protocol: GRPC, backendRef: { name: b, port: 9000 }, grpc: {}",
    "grpc",
    { told: [], taken: [] },
  ],
  [
    "protocol: HTTP, backendRef: { name: b, port: 9000 }, http: { path: check, allowedHeaders: [X-B, x-a, x-b], allowedResponseHeaders: [x-c] }, forwardBody: { maxSize: 10 }",
    "http",
    { path: "/check", told: ["x-a", "x-b"], taken: ["x-c"], maxBody: 10 },
  ],
])("every route of a rule with %s asks", (settings, protocol, said) => {
  const made = routesOf(`[{ matches: [{ path: { value: /a } }, {}], ${asking(settings)} }]`);
  const authorizer = {
    protocol,
    hostname: "b.default.svc.cluster.local",
    port: 9000,
    ...said,
  };
  expect(made.map(({ part }) => part.authorizer)).toEqual([authorizer, authorizer]);
});

test("the requests of a rule that may not ask are answered with 500", () => {
  const settings = "protocol: HTTP, backendRef: { name: b, port: 9000 }, http: {}";
  const [made] = routesOf(`[{ ${asking(settings)} }]`, false);
  expect(made).toMatchObject({ route: { directResponse: { status: 500 } } });
  expect(made).not.toHaveProperty("authorizer");
});

test("a Hostname is the host that it names", () => {
  const backend =
    "{ group: networking.istio.io, kind: Hostname, name: api.example.com, port: 443 }";
  expect(routeOf(`backendRefs: [${backend}]`)?.route).toEqual([
    { destination: { host: "api.example.com", port: { number: 443 } } },
  ]);
});

test("filters change headers of requests and answers, of a rule and of a backend", () => {
  const change =
    "set: [{ name: X-A, value: b }, { name: x-a, value: z }], add: [{ name: x-c, value: d }], remove: [x-e]";
  const filters = `filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { ${change} } }]`;
  const own =
    "filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { remove: [x-f] } }]";
  expect(routeOf(`${filters}, backendRefs: [{ name: a, port: 80, ${own} }]`)).toMatchObject({
    headers: { request: { set: { "x-a": "b" }, add: { "x-c": "d" }, remove: ["x-e"] } },
    route: [{ destination: A, headers: { response: { remove: ["x-f"] } } }],
  });
});

test.each([
  ["{ hostname: b.example }", { authority: "b.example", derivePort: "FROM_REQUEST_PORT" }],
  ["{ scheme: https }", { scheme: "https", derivePort: "FROM_PROTOCOL_DEFAULT" }],
  ["{ scheme: https, port: 8443, statusCode: 301 }", { redirectCode: 301, port: 8443 }],
  ["{ path: { type: ReplaceFullPath, replaceFullPath: /x } }", { uri: "/x" }],
])("a filter redirects to %s", (redirect, expected) => {
  const rule = `filters: [{ type: RequestRedirect, requestRedirect: ${redirect} }]`;
  expect(routeOf(rule)?.redirect).toMatchObject({ redirectCode: 302, ...expected });
});

test.each([
  ["/a", "/b", "/b"],
  ["/a", "/b/", "/b"],
  ["/a/", "/", "/"],
  ["/", "/b", "/b/"],
  ["/", "/", "/"],
])("in the place of the prefix %s, %s is %s", (prefix, replacement, expected) => {
  const path = `path: { type: ReplacePrefixMatch, replacePrefixMatch: ${replacement} }`;
  const matches = `matches: [{ path: { value: ${prefix} } }]`;
  const rewrite = `filters: [{ type: URLRewrite, urlRewrite: { ${path} } }]`;
  const redirect = `filters: [{ type: RequestRedirect, requestRedirect: { ${path} } }]`;
  expect(routeOf(`${matches}, ${rewrite}, ${BACKEND}`)?.rewrite).toEqual({ uri: expected });
  expect(routeOf(`${matches}, ${redirect}`)?.redirect?.prefixRewrite).toBe(expected);
});

test("a filter rewrites the host and the whole path", () => {
  const path = 'path: { type: ReplaceFullPath, replaceFullPath: "/x\\\\1" }';
  const rewrite = `filters: [{ type: URLRewrite, urlRewrite: { hostname: b.example, ${path} } }]`;
  expect(routeOf(`${rewrite}, ${BACKEND}`)?.rewrite).toEqual({
    authority: "b.example",
    uriRegexRewrite: { match: "/.*", rewrite: "/x\\\\1" },
  });
});

test.each([
  ["", undefined],
  [", percent: 20", { value: 20 }],
  [", fraction: { numerator: 1, denominator: 400 }", { value: 0.25 }],
  [", fraction: { numerator: 5 }", { value: 5 }],
])("a filter sends copies%s", (share, percentage) => {
  const rule = `filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 80 }${share} } }]`;
  const expected = percentage === undefined ? { destination: A } : { destination: A, percentage };
  expect(routeOf(`${rule}, ${BACKEND}`)?.mirrors).toEqual([expected]);
});

test("a filter says whose browsers may use a route", () => {
  const cors = "{ allowOrigins: [https://a.example], allowMethods: [GET], allowCredentials: true }";
  expect(routeOf(`filters: [{ type: CORS, cors: ${cors} }], ${BACKEND}`)?.corsPolicy).toEqual({
    allowOrigins: [{ exact: "https://a.example" }],
    allowMethods: ["GET"],
    allowCredentials: true,
    maxAge: "5s",
    unmatchedPreflights: "IGNORE",
  });
});

test.each([
  ["https://a.example:8443", { exact: "https://a.example:8443" }],
  ["*", { exact: "*" }],
  ["https://*.a.example", { regex: "https://[-.a-zA-Z0-9]*\\.a\\.example" }],
  ["http://*:8080", { regex: "http://[-.a-zA-Z0-9]*:8080" }],
])("the browsers of the origin %s may use a route", (origin, expected) => {
  const filters = `filters: [{ type: CORS, cors: { allowOrigins: ["${origin}"] } }]`;
  expect(routeOf(`${filters}, ${BACKEND}`)?.corsPolicy?.allowOrigins).toEqual([expected]);
});

test.each([
  ["{}", "", { type: "cookie", name: "session-default-shop-0", path: "/" }],
  [
    "{ sessionName: own }",
    "matches: [{ path: { value: /cart/ } }],",
    { type: "cookie", name: "own", path: "/cart" },
  ],
  [
    "{ sessionName: own }",
    "matches: [{ path: { type: Exact, value: /cart } }],",
    { type: "cookie", name: "own", path: "/cart" },
  ],
  [
    "{ sessionName: own }",
    'matches: [{ path: { type: RegularExpression, value: "/a.*" } }],',
    { type: "cookie", name: "own", path: "/" },
  ],
  [
    "{ sessionName: own }",
    "matches: [{ path: { value: /a } }, { path: { value: /b } }],",
    { type: "cookie", name: "own", path: "/" },
  ],
  [
    "{ absoluteTimeout: 1h, cookieConfig: { lifetimeType: Permanent } }",
    "",
    { type: "cookie", name: "session-default-shop-0", path: "/", ttl: "1h" },
  ],
  ["{ absoluteTimeout: 1h }", "", { type: "cookie", name: "session-default-shop-0", path: "/" }],
  ["{ type: Header, sessionName: x-own }", "", { type: "header", name: "x-own" }],
])("a rule with sessionPersistence: %s", (session, matches, expected) => {
  const made = routesOf(`[{ ${matches} sessionPersistence: ${session}, ${BACKEND} }]`);
  expect(made.map(({ part }) => part.session)).toEqual(made.map(() => expected));
});

test("clients are kept with endpoints of one of several backends by cookies alone", () => {
  const two = "backendRefs: [{ name: a, port: 80 }, { name: b, port: 80 }]";
  const sessionOf = (how: string) =>
    routesOf(`[{ sessionPersistence: { ${how} }, ${two} }]`)[0]?.part.session;
  expect(sessionOf("type: Header")).toBeUndefined();
  expect(sessionOf("")).toMatchObject({ type: "cookie" });
});

test.each([
  ["timeouts: { request: 10s }", { timeout: "10s" }],
  ["timeouts: { request: 10s, backendRequest: 2s }", { timeout: "2s" }],
  ["timeouts: { request: 0s }", {}],
  [
    "timeouts: { request: 10s, backendRequest: 2s }, retry: { attempts: 3, codes: [500], backoff: 100ms }",
    {
      timeout: "10s",
      retries: {
        attempts: 3,
        retryOn: "connect-failure,reset,refused-stream,unavailable,cancelled,500",
        backoff: "100ms",
        perTryTimeout: "2s",
      },
    },
  ],
  ["retry: { attempts: 0 }", { retries: { attempts: 0 } }],
  ["retry: {}", { retries: { attempts: 2 } }],
])("a rule with %s", (rule, expected) => {
  const route = routeOf(`${rule}, ${BACKEND}`);
  expect(route).toMatchObject(expected);
  expect("timeout" in (route ?? {})).toBe("timeout" in expected);
});
