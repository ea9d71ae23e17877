/**
 * Worlds at random that are about what routes do with requests and answers, and not about which route takes which request:
 * all have the same hosts, and each route a path of its own.
 */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "./arbitraries.js";
import type { Asked } from "./http-arbitrary.js";
import type {
  CorsPolicy,
  DestinationRule,
  Gateway,
  HeaderOperations,
  Headers,
  HTTPRedirect,
  HTTPRetry,
  HTTPRewrite,
  HTTPRoute,
  HTTPRouteDestination,
  Metadata,
  Service,
  StringMatch,
  World,
} from "./objects.js";
import { WORKLOADS } from "./still-world.js";

const SHOP = "shop.a.svc.cluster.local";
const OUTSIDE = "api.example.com";

/** Of the credential of the gateway's server of HTTPS. */
export const CREDENTIAL = "edge-tls";

/** The ports by which the gateway is called, and whether by TLS. */
export const GATEWAY_PORTS = { 80: false, 8081: false, 443: true, 8444: true } as const;
type GatewayPort = keyof typeof GATEWAY_PORTS;
const PORTS = [80, 8081, 443, 8444] as const satisfies readonly GatewayPort[];

const ROUTES = 8;

const metadata = (name: string, namespace: string): Metadata => ({
  name,
  namespace,
  creationTimestamp: "2026-01-01T00:00:00Z",
});

const SERVICE: Service = {
  metadata: metadata("shop", "a"),
  spec: {
    selector: { app: "shop" },
    ports: [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "http-more", port: 8080, targetPort: 8080 },
    ],
  },
};

const SUBSETS: DestinationRule = {
  metadata: metadata("shop", "a"),
  spec: {
    host: SHOP,
    subsets: ["v1", "v2"].map((version) => ({ name: version, labels: { version } })),
  },
};

const GATEWAY: Gateway = {
  metadata: metadata("one", "edge"),
  spec: {
    selector: { istio: "ingress" },
    servers: PORTS.map((number) =>
      GATEWAY_PORTS[number]
        ? {
            port: { number, name: `https-${number}`, protocol: "HTTPS" },
            hosts: ["*"],
            tls: { mode: "SIMPLE", credentialName: CREDENTIAL },
          }
        : { port: { number, name: `http-${number}`, protocol: "HTTP" }, hosts: ["*"] },
    ),
  },
};

/** Paths that a route of its own may be for. */
const matchOf = (path: string): Arbitrary<StringMatch> =>
  fc.constantFrom<StringMatch>(
    { prefix: path },
    { prefix: path },
    { prefix: `${path}/` },
    { exact: `${path}/x` },
    { regex: `${path}/.*` },
  );

/** A route sets some headers, and its destinations others: which of them would win is not said. */
const operations = (
  set: readonly string[],
  remove: readonly string[],
): Arbitrary<HeaderOperations> => {
  const value = fc.constantFrom("1", "a,b", "x y", "50%%", 'q="1"; z');
  return given({
    set: mostly(
      fc.dictionary(fc.constantFrom(...set), value, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      }),
      2,
    ),
    add: seldom(
      fc.dictionary(fc.constantFrom(...set), value, {
        minKeys: 1,
        maxKeys: 2,
        noNullPrototype: true,
      }),
      2,
    ),
    remove: seldom(fc.uniqueArray(fc.constantFrom(...remove), { minLength: 1 }), 3),
  });
};

const headers = (
  request: Arbitrary<HeaderOperations>,
  response: Arbitrary<HeaderOperations>,
): Arbitrary<Headers> => given({ request: mostly(request, 3), response: mostly(response, 2) });

const OF_ROUTE = headers(
  operations(["x-one", "X-Set", "accept-language"], ["x-two", "User-Agent"]),
  operations(["x-answer", "X-Other"], ["X-Echo-Pod"]),
);

const OF_DESTINATION = headers(
  operations(["X-To", "x-three"], ["referer"]),
  operations(["x-destination"], ["x-echo-pod"]),
);

/** The host that is set as a header. */
const withHost = (one: Headers, host: string): Headers => ({
  ...one,
  request: { ...one.request, set: { ...one.request?.set, host } },
});

const rewrite: Arbitrary<HTTPRewrite> = fc.constantFrom<HTTPRewrite>(
  { uri: "/" },
  { uri: "/new" },
  { uri: "/new/" },
  { authority: "other.example" },
  { authority: "other.example:81", uri: "/x" },
  ...[
    ["/r\\d(/?)", "/z\\1"],
    ["^/([^/]*)/(.*)$", "/\\2/\\1"],
    ["x", "y"],
    ["(?i)X+", "-"],
    ["/", "//"],
    ["^/r\\d/(?P<rest>.*)$", "/rest/\\1"],
    ["x|$", "!"],
    ["/[^/]+/x", "/\\0\\0"],
    ["(/)?(q)?x", "\\2\\1-"],
    ["\\.", "\\\\"],
    ["%2F", "/"],
    ["x*$", "o"],
    ["[^/]*$", "z"],
  ].map(([match = "", by = ""]) => ({ uriRegexRewrite: { match, rewrite: by } })),
);

const redirect: Arbitrary<HTTPRedirect> = given({
  uri: seldom(fc.constantFrom("/moved", "/moved/"), 3),
  authority: seldom(fc.constantFrom("moved.example", "moved.example:8443"), 3),
  scheme: seldom(fc.constantFrom("http", "https"), 2),
  port: seldom(fc.constantFrom(80, 443, 8443), 3),
  derivePort: seldom(
    fc.constantFrom("FROM_PROTOCOL_DEFAULT" as const, "FROM_REQUEST_PORT" as const),
    2,
  ),
  redirectCode: mostly(fc.constantFrom(301, 302, 303, 307, 308), 2),
})
  .filter(({ port, derivePort }) => port === undefined || derivePort === undefined)
  // Two ports of one redirect: which of them it means is not said.
  .filter(
    ({ authority = "", port, derivePort }) =>
      !authority.includes(":") || (port ?? derivePort) === undefined,
  )
  .filter(({ redirectCode: _, ...somewhere }) => Object.keys(somewhere).length > 0);

const ORIGINS = ["https://app.example", "http://app.example", "https://app.example:8443", "null"];

const allowed = fc.constantFrom<StringMatch>(
  { exact: "https://app.example" },
  { prefix: "https://app.example" },
  { regex: "https?://app\\.example" },
  { regex: ".*:8443" },
  { exact: "*" },
  { exact: "null" },
);

const words = (...all: readonly string[]): Arbitrary<readonly string[] | undefined> =>
  mostly(
    fc.oneof(
      {
        arbitrary: fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 2 }),
        weight: 5,
      },
      { arbitrary: fc.constant(["*"]), weight: 1 },
    ),
    3,
  );

const corsPolicy: Arbitrary<CorsPolicy> = given({
  allowOrigins: fc.uniqueArray(allowed, { minLength: 1, maxLength: 2 }),
  allowMethods: words("GET", "PUT"),
  allowHeaders: words("x-one", "Authorization"),
  exposeHeaders: words("x-answer", "X-Echo-Pod"),
  maxAge: seldom(fc.constantFrom("60s", "3600s"), 2),
  allowCredentials: seldom(fc.boolean(), 2),
  unmatchedPreflights: seldom(fc.constantFrom("FORWARD" as const, "IGNORE" as const), 2),
});

const retries: Arbitrary<HTTPRetry> = given({
  attempts: fc.constantFrom(1, 2, 3),
  retryOn: mostly(
    fc.constantFrom("5xx", "gateway-error", "503", "reset,503", "connect-failure", "reset,502"),
    4,
  ),
  backoff: fc.constant("1ms"),
});

const destination: Arbitrary<HTTPRouteDestination> = given({
  destination: given({
    host: fc.constantFrom("shop", SHOP).map(() => SHOP),
    subset: mostly(fc.constantFrom("v1", "v2"), 3),
    port: fc.constant({ number: 80 }),
  }),
  headers: seldom(
    fc
      .tuple(OF_DESTINATION, seldom(fc.constant("destination.example"), 4))
      .map(([one, host]) => (host === undefined ? one : withHost(one, host))),
    2,
  ),
});

const forwarding: Arbitrary<HTTPRoute> = given({
  route: fc.oneof(
    destination.map((one) => [one]),
    fc.tuple(destination, destination).map((both) => both.map((one) => ({ ...one, weight: 50 }))),
  ),
  rewrite: seldom(rewrite, 2),
  headers: seldom(OF_ROUTE, 2),
  corsPolicy: seldom(corsPolicy, 2),
  retries: seldom(retries, 3),
}).chain((route) =>
  // The host can be set in one place of a route only.
  route.rewrite?.authority === undefined
    ? seldom(fc.constant("route.example"), 8).map((host) =>
        host === undefined ? route : { ...route, headers: withHost(route.headers ?? {}, host) },
      )
    : fc.constant(route),
);

const answering: Arbitrary<HTTPRoute> = given({
  directResponse: given({
    status: fc.constantFrom(200, 404, 503),
    body: mostly(fc.constantFrom({ string: "" }, { string: "so it is" }), 2),
  }),
  headers: seldom(OF_ROUTE, 2),
});

const redirecting: Arbitrary<HTTPRoute> = given({ redirect, headers: seldom(OF_ROUTE, 3) });

const routeOf = (number: number): Arbitrary<HTTPRoute> =>
  fc
    .tuple(
      matchOf(`/r${number}`),
      fc.oneof(
        { arbitrary: forwarding, weight: 5 },
        { arbitrary: redirecting, weight: 3 },
        { arbitrary: answering, weight: 1 },
      ),
    )
    .map(([uri, does]) => ({ match: [{ uri }], ...does }));

/** See the top of this file. */
export const handlingWorld: Arbitrary<World> = fc
  .tuple(...Array.from({ length: ROUTES }, (_, i) => routeOf(i)))
  .map(
    (http): World => ({
      services: [SERVICE],
      serviceEntries: [],
      virtualServices: [
        {
          metadata: metadata("route", "a"),
          spec: { hosts: [SHOP, OUTSIDE], gateways: ["mesh", "edge/one"], http },
        },
      ],
      destinationRules: [SUBSETS],
      gateways: [GATEWAY],
      sidecars: [],
      meshConfig: { outboundTrafficPolicy: { mode: "ALLOW_ANY" } },
      workloads: WORKLOADS,
    }),
  );

const TAILS = ["", "/", "/x", "/x", "/x/y", "//x", "/%2Fx", "/a.b/x.x", "/xxqx", "/X"];
const QUERIES = ["", "", "?q=1", "?x=/x", "?fail=1", "?fail=2", "?q=1&fail=3"];

/** What a browser says of the page that calls. */
const ofBrowser = fc
  .record({ origin: fc.constantFrom(...ORIGINS), asks: fc.boolean(), names: fc.boolean() })
  .map(({ origin, asks, names }) => ({
    origin,
    ...(asks ? { "access-control-request-method": "PUT" } : {}),
    ...(asks && names ? { "access-control-request-headers": "x-one,x-two" } : {}),
  }));

const sent = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom("x-one", "x-two", "x-three", "accept-language", "user-agent", "referer"),
      fc.constantFrom("1", "2"),
      { maxKeys: 3, noNullPrototype: true },
    ),
    mostly(ofBrowser, 2),
  )
  .map(([own, browser]) => ({ ...own, ...browser }));

const called: Arbitrary<Pick<Asked, "from"> & Pick<Asked["request"], "authority" | "port">> =
  fc.oneof(
    fc
      .record({
        from: fc.constantFrom("a" as const, "b" as const),
        port: fc.constantFrom(80, 8080),
      })
      .map(({ from, port }) => ({
        from,
        port,
        authority: port === 80 ? SHOP : `${SHOP}:${port}`,
      })),
    fc
      .record({ port: fc.constantFrom(...PORTS), saysPort: fc.boolean() })
      .map(({ port, saysPort }) => ({
        from: "gateway" as const,
        port,
        authority: saysPort || port > 1000 ? `${OUTSIDE}:${port}` : OUTSIDE,
      })),
  );

/** A request for one of the routes, and who makes it. */
export const handledRequest: Arbitrary<Asked> = fc
  .record({
    called,
    method: fc.constantFrom("GET", "PUT", "OPTIONS", "OPTIONS"),
    number: fc.nat(ROUTES - 1),
    tail: fc.constantFrom(...TAILS),
    query: fc.constantFrom(...QUERIES),
    headers: sent,
  })
  .map(({ called: { from, authority, port }, method, number, tail, query, headers: own }) => ({
    from,
    request: {
      method,
      authority,
      port,
      path: `/r${number}${tail}${query}`,
      headers: own,
      ...(from === "gateway" && GATEWAY_PORTS[port as GatewayPort]
        ? { encrypted: true as const }
        : {}),
    },
  }));
