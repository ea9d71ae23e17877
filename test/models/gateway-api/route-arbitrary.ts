/** Rules of routes at random: few paths, headers and backends, so that they meet. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "../routing/arbitraries.js";
import type {
  BackendRef,
  Filter,
  GRPCRouteMatch,
  GRPCRouteRule,
  HTTPRouteMatch,
  HTTPRouteRule,
  PathModifier,
  RequestRedirect,
  ValueMatch,
  WeightedBackend,
} from "./objects.js";

export const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/b", "/A/b", "/a/b/c", "/a.b", "/a$1/(b)"];

const path = fc.oneof(
  fc.record({
    type: fc.constantFrom("PathPrefix" as const, "Exact" as const),
    value: fc.constantFrom(...PATHS),
  }),
  fc.constantFrom({ value: "/a" }, { value: "/a/" }, { type: "PathPrefix" as const }),
  fc
    .constantFrom("/.*", "/a", "/a/.*", "/[ab]", "/a.*b", "(?i)/A/B")
    .map((value) => ({ type: "RegularExpression" as const, value })),
);

const values = (...names: readonly string[]): Arbitrary<ValueMatch[]> =>
  fc.uniqueArray(
    fc.oneof(
      fc.record({ name: fc.constantFrom(...names), value: fc.constantFrom("1", "2") }),
      fc.record({
        type: fc.constantFrom("RegularExpression" as const),
        name: fc.constantFrom(...names),
        value: fc.constantFrom("1|2", "1", ".*"),
      }),
    ),
    { minLength: 1, maxLength: 2, selector: ({ name }) => name },
  );

const httpMatch: Arbitrary<HTTPRouteMatch> = given({
  path: mostly(path, 4),
  headers: seldom(values("x-one", "X-One", "x-two"), 4),
  queryParams: seldom(values("q", "r"), 5),
  method: seldom(fc.constantFrom("GET", "PUT", "POST"), 5),
});

/** The service and the method of calls. */
export const CALLS = ["/shop.Cart/Add", "/shop.Cart/List", "/shop.Stock/List", "/shop.Stock/Add"];

const grpcMethod = fc
  .oneof(
    given({
      type: mostly(fc.constantFrom("Exact" as const), 2),
      service: mostly(fc.constantFrom("shop.Cart", "shop.Stock"), 3),
      method: mostly(fc.constantFrom("Add", "List"), 2),
    }),
    given({
      type: fc.constantFrom("RegularExpression" as const),
      service: mostly(fc.constantFrom("shop\\.C.*", "shop.*"), 3),
      method: mostly(fc.constantFrom("A.*", ".*t"), 2),
    }),
  )
  .filter(({ service, method }) => (service ?? method) !== undefined);

const grpcMatch: Arbitrary<GRPCRouteMatch> = given({
  method: mostly(grpcMethod, 3),
  headers: seldom(values("x-one", "x-two"), 3),
});

const BACKENDS: readonly BackendRef[] = [
  { name: "shop", namespace: "a", port: 80 },
  { name: "shop", namespace: "a", port: 80 },
  { name: "shop", namespace: "a", port: 8080 },
  { name: "shop", namespace: "b", port: 80 },
  { name: "shop", port: 80 },
  { name: "cart", namespace: "a", port: 80 },
  { name: "cart", port: 80 },
  { name: "shop", namespace: "a", port: 81 },
  { name: "nowhere", namespace: "a", port: 80 },
  { group: "networking.istio.io", kind: "Hostname", name: "api.example.net", port: 80 },
  { group: "networking.istio.io", kind: "Hostname", name: "shop.a.svc.cluster.local", port: 80 },
  { group: "example.com", kind: "Bucket", name: "shop" },
];

const backend = fc.constantFrom(...BACKENDS);

const OF_BACKENDS: readonly Filter[] = [
  {
    type: "RequestHeaderModifier",
    requestHeaderModifier: { set: [{ name: "x-to", value: "1" }], remove: ["x-three"] },
  },
  {
    type: "ResponseHeaderModifier",
    responseHeaderModifier: { add: [{ name: "X-From", value: "1" }] },
  },
];

const weighted: Arbitrary<WeightedBackend> = fc
  .tuple(
    backend,
    given({
      weight: mostly(fc.constantFrom(0, 1, 3), 2),
      filters: seldom(
        fc.uniqueArray(fc.constantFrom(...OF_BACKENDS), { minLength: 1, maxLength: 2 }),
        5,
      ),
    }),
  )
  .map(([to, more]) => ({ ...to, ...more }));

const backendRefs = fc.oneof(
  { arbitrary: weighted.map((one) => [one]), weight: 5 },
  { arbitrary: fc.array(weighted, { maxLength: 3, size: "max" }), weight: 3 },
);

const requestHeaders = fc
  .constantFrom(
    { set: [{ name: "X-Set", value: "1" }] },
    { set: [{ name: "Host", value: "set.example" }] },
    { add: [{ name: "x-one", value: "9" }], remove: ["x-two"] },
    {
      set: [
        { name: "x-one", value: "7" },
        { name: "X-One", value: "8" },
      ],
    },
  )
  .map(
    (requestHeaderModifier): Filter => ({ type: "RequestHeaderModifier", requestHeaderModifier }),
  );

const answerHeaders = fc
  .constantFrom(
    { set: [{ name: "x-answer", value: "1" }] },
    { add: [{ name: "x-answer", value: "2" }], remove: ["X-Echo-Pod"] },
  )
  .map(
    (responseHeaderModifier): Filter => ({
      type: "ResponseHeaderModifier",
      responseHeaderModifier,
    }),
  );

const mirror = fc
  .record({
    backendRef: fc.constantFrom(
      ...BACKENDS.filter(({ name, kind }) => name !== "nowhere" && kind !== "Bucket"),
    ),
    part: fc.constantFrom(
      {},
      { percent: 50 },
      { percent: 0 },
      { fraction: { numerator: 1 } },
      { fraction: { numerator: 3, denominator: 8 } },
    ),
  })
  .map(
    ({ backendRef, part }): Filter => ({
      type: "RequestMirror",
      requestMirror: { backendRef, ...part },
    }),
  );

const modifiers = (isPrefix: boolean): Arbitrary<PathModifier> => {
  const full = fc
    .constantFrom("/new", "/new/", "/", "/x\\1", "/x$1")
    .map((replaceFullPath) => ({ type: "ReplaceFullPath" as const, replaceFullPath }));
  const prefix = fc
    .constantFrom("/new", "/new/", "/", "", "/x\\1", "/x$1")
    .map((replacePrefixMatch) => ({ type: "ReplacePrefixMatch" as const, replacePrefixMatch }));
  return isPrefix ? fc.oneof(full, prefix, prefix) : full;
};

const rewrite = (isPrefix: boolean): Arbitrary<Filter> =>
  given({
    hostname: mostly(fc.constant("other.example"), 2),
    path: mostly(modifiers(isPrefix), 3),
  }).map((urlRewrite) => ({ type: "URLRewrite", urlRewrite }));

const redirect = (isPrefix: boolean): Arbitrary<Filter> =>
  given<RequestRedirect>({
    scheme: mostly(fc.constantFrom("http" as const, "https" as const), 2),
    hostname: mostly(fc.constant("moved.example"), 2),
    path: mostly(modifiers(isPrefix), 2),
    port: seldom(fc.constantFrom(80, 443, 8443), 3),
    statusCode: mostly(fc.constantFrom(301, 302, 307, 308), 2),
  }).map((requestRedirect) => ({ type: "RequestRedirect", requestRedirect }));

const EXTENSION: Filter = {
  type: "ExtensionRef",
  extensionRef: { group: "example.com", kind: "Filter", name: "one" },
};

const some = (
  ...all: readonly Arbitrary<Filter | undefined>[]
): Arbitrary<readonly Filter[] | undefined> =>
  fc.tuple(...all).map((filters) => {
    const given = filters.filter((one) => one !== undefined);
    return given.length === 0 ? undefined : given;
  });

/** A prefix can be replaced in a rule with one match, of a prefix. */
const hasPrefix = (matches: readonly HTTPRouteMatch[] | undefined): boolean =>
  (matches ?? []).length <= 1 &&
  (matches ?? []).every(({ path: one }) => (one?.type ?? "PathPrefix") === "PathPrefix");

const timing = fc.constantFrom<Pick<HTTPRouteRule, "timeouts" | "retry">>(
  { timeouts: { request: "10s" } },
  { timeouts: { request: "10s", backendRequest: "2s" } },
  { timeouts: { backendRequest: "1m" } },
  { timeouts: { request: "0s" } },
  { retry: { codes: [500, 503], attempts: 3 } },
  { retry: {}, timeouts: { request: "1500ms", backendRequest: "500ms" } },
  { retry: { attempts: 0 }, timeouts: { backendRequest: "2s" } },
);

const httpRule: Arbitrary<HTTPRouteRule> = mostly(
  fc.array(httpMatch, { minLength: 1, maxLength: 2 }),
  6,
).chain((matches) => {
  const isPrefix = hasPrefix(matches);
  const matched = fc.constant(matches);
  return fc.oneof(
    {
      arbitrary: fc
        .tuple(
          given({
            matches: matched,
            filters: some(
              seldom(requestHeaders, 3),
              seldom(answerHeaders, 4),
              seldom(mirror, 5),
              seldom(rewrite(isPrefix), 3),
              seldom(fc.constant(EXTENSION), 30),
            ),
            backendRefs: mostly(backendRefs, 12),
          }),
          mostly(timing, 3),
        )
        .map(([rule, more]): HTTPRouteRule => ({ ...rule, ...more })),
      weight: 5,
    },
    {
      arbitrary: given({ matches: matched, filters: some(redirect(isPrefix)) }),
      weight: 1,
    },
  );
});

/** The rules of an HTTPRoute; the last of them is mostly for all requests. */
export const httpRules: Arbitrary<readonly HTTPRouteRule[]> = fc
  .tuple(
    fc.array(httpRule, { minLength: 1, maxLength: 3, size: "max" }),
    mostly(given({ filters: some(seldom(requestHeaders, 3)), backendRefs }), 2),
  )
  .map(([rules, last]) => (last === undefined ? rules : [...rules, last]));

/** The rules of a GRPCRoute. */
export const grpcRules: Arbitrary<readonly GRPCRouteRule[]> = fc.array(
  given({
    matches: mostly(fc.array(grpcMatch, { minLength: 1, maxLength: 2 }), 6),
    filters: some(seldom(requestHeaders, 3), seldom(mirror, 6)),
    backendRefs: mostly(backendRefs, 12),
  }),
  { minLength: 1, maxLength: 3, size: "max" },
);

/** The one rule of a route of connections. */
export const connectionRules = fc
  .array(
    weighted.map(({ filters: _, ...one }) => one),
    { minLength: 1, maxLength: 2 },
  )
  .map((backends) => [{ backendRefs: backends }]);
