/** Routes and requests at random: few paths, headers and hosts, so that they meet. */
import fc, { type Arbitrary } from "fast-check";
import { given, mostly, seldom } from "./arbitraries.js";
import type {
  Headers,
  HTTPMatchRequest,
  HTTPRewrite,
  HTTPRoute,
  HTTPRouteDestination,
  HttpRequest,
  StringMatch,
  World,
} from "./objects.js";
import { CALLERS, type CallerName } from "./still-world.js";

const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/b", "/A/b", "/a//b", "/a%2Fb"];

const uri: Arbitrary<StringMatch> = fc.oneof(
  fc.constantFrom(...PATHS).map((prefix) => ({ prefix })),
  fc.constantFrom(...PATHS).map((exact) => ({ exact })),
  fc.constantFrom(".*", "/a", "/a/.*", "/[ab]", "/a.*b", "(?i)/A/B").map((regex) => ({ regex })),
);

const text: Arbitrary<StringMatch> = fc.constantFrom<StringMatch>(
  { exact: "1" },
  { exact: "" },
  { prefix: "1" },
  { regex: "1|2" },
  { regex: "1" },
  { regex: ".*" },
  {},
);

const method: Arbitrary<StringMatch> = fc.constantFrom<StringMatch>(
  { exact: "GET" },
  { prefix: "P" },
  { regex: "GET|PUT" },
  { exact: "get" },
);

const authority: Arbitrary<StringMatch> = fc.constantFrom<StringMatch>(
  { exact: "api.example.com" },
  { exact: "api.example.com:80" },
  { prefix: "shop" },
  { regex: ".*example.com" },
);

const scheme: Arbitrary<StringMatch> = fc.constantFrom<StringMatch>(
  { exact: "http" },
  { exact: "https" },
);

const matches = (
  value: Arbitrary<StringMatch>,
  ...names: readonly string[]
): Arbitrary<Readonly<Record<string, StringMatch>>> =>
  fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 2 });

/** Values that a header may not have. */
const unwanted: Arbitrary<StringMatch> = fc.constantFrom<StringMatch>(
  { exact: "1" },
  { prefix: "1" },
  { regex: "1|2" },
  { regex: "*" },
  { regex: ".*" },
  {},
);

function match(gateways: readonly string[]): Arbitrary<HTTPMatchRequest> {
  const isInMeshAlone = gateways.every((one) => one === "mesh") && gateways.length > 0;
  return given({
    uri: mostly(uri, 3),
    ignoreUriCase: seldom(fc.boolean(), 4),
    scheme: seldom(scheme, 12),
    method: seldom(method, 8),
    authority: seldom(authority, 12),
    headers: seldom(matches(text, "x-one", "x-two"), 6),
    withoutHeaders: seldom(matches(unwanted, "x-one", "x-three"), 8),
    queryParams: seldom(matches(text, "q", "r"), 8),
    port: seldom(fc.constantFrom(80, 8080), 5),
    gateways:
      gateways.length === 0
        ? fc.constant(undefined)
        : seldom(fc.constantFrom(["mesh"], ["edge/one"], ["edge/two"], [...gateways]), 5),
    // "It must include the reserved gateway `mesh` for this field to be applicable."
    sourceNamespace: isInMeshAlone ? seldom(fc.constantFrom("a", "b"), 6) : fc.constant(undefined),
    sourceLabels: isInMeshAlone
      ? seldom(fc.constantFrom({ app: "caller" }, { app: "x" }), 6)
      : fc.constant(undefined),
  }).filter((one) => Object.keys(one).some((key) => key !== "ignoreUriCase"));
}

const headers: Arbitrary<Headers> = fc.constantFrom<Headers>(
  { request: { set: { "x-set": "1" } } },
  { request: { add: { "x-one": "9" }, remove: ["x-two"] } },
  { request: { set: { "x-one": "7" } }, response: { set: { "x-answer": "1" } } },
  { response: { add: { "x-answer": "2" }, remove: ["x-echo-pod"] } },
);

const ofDestination: Arbitrary<Headers> = fc.constantFrom<Headers>(
  { request: { set: { "x-to": "1" } } },
  { request: { remove: ["x-three"] } },
);

const rewrite: Arbitrary<HTTPRewrite> = fc.constantFrom<HTTPRewrite>(
  { uri: "/" },
  { uri: "/new" },
  { uri: "/new/" },
  { authority: "other.example" },
  { uri: "/x", authority: "other.example" },
  { uriRegexRewrite: { match: "/a(/?)", rewrite: "/z\\1" } },
  { uriRegexRewrite: { match: "^/([^/]*)/(.*)$", rewrite: "/\\2/\\1" } },
);

const DESTINATIONS = [
  "shop",
  "shop.a.svc.cluster.local",
  "shop.a.svc.cluster.local",
  "shop.b.svc.cluster.local",
  "cart.a.svc.cluster.local",
  "api.example.com",
  "nowhere.example.com",
];

const destination: Arbitrary<HTTPRouteDestination> = given({
  destination: given({
    host: fc.constantFrom(...DESTINATIONS),
    subset: mostly(fc.constantFrom("v1", "v2"), 3),
    port: seldom(fc.constantFrom({ number: 80 }, { number: 8080 }), 4),
  }),
  headers: seldom(ofDestination, 5),
});

const WEIGHTS = [
  [100, 0],
  [0, 100],
  [50, 50],
] as const;

const destinations: Arbitrary<readonly HTTPRouteDestination[]> = fc.oneof(
  { arbitrary: destination.map((one) => [one]), weight: 4 },
  { arbitrary: destination.map((one) => [{ ...one, weight: 0 }]), weight: 1 },
  {
    arbitrary: fc
      .tuple(destination, destination, fc.constantFrom(...WEIGHTS))
      .map(([one, other, [first, second]]) => [
        { ...one, weight: first },
        { ...other, weight: second },
      ]),
    weight: 2,
  },
);

const forwarding: Arbitrary<Omit<HTTPRoute, "match">> = given({
  route: destinations,
  rewrite: seldom(rewrite, 3),
  headers: seldom(headers, 3),
  fault: seldom(fc.constant({ abort: { httpStatus: 418, percentage: { value: 100 } } }), 12),
});

const redirect = fc.constantFrom<Omit<HTTPRoute, "match">>(
  { redirect: { uri: "/moved" } },
  { redirect: { authority: "moved.example", redirectCode: 302 } },
  { redirect: { uri: "/moved", authority: "moved.example", scheme: "https", redirectCode: 308 } },
);

const answer = fc
  .constantFrom(200, 204, 503)
  .map((status): Omit<HTTPRoute, "match"> => ({ directResponse: { status } }));

const delegate = fc
  .record({
    name: fc.constantFrom("delegate-0", "delegate-1"),
    namespace: fc.constantFrom("a", "b"),
  })
  .map((to): Omit<HTTPRoute, "match"> => ({ delegate: to }));

/** A root's matches are kept to what a delegate's may be a part of. */
const rootMatch: Arbitrary<HTTPMatchRequest> = fc.constantFrom<HTTPMatchRequest>(
  { uri: { prefix: "/a" } },
  { uri: { prefix: "/" } },
  { uri: { exact: "/a/b" } },
  { authority: { exact: "api.example.com" } },
);

const isOfDelegate = (one: HTTPMatchRequest): boolean =>
  one.uri?.regex === undefined && one.authority === undefined && one.ignoreUriCase !== true;

/** A route of a VirtualService that is bound to these gateways; a delegate is bound to none. */
function httpRoute(gateways: readonly string[]): Arbitrary<HTTPRoute> {
  const action = fc.oneof(
    { arbitrary: forwarding, weight: 6 },
    { arbitrary: redirect, weight: 1 },
    { arbitrary: answer, weight: 1 },
  );
  const own = gateways.length === 0 ? match(gateways).filter(isOfDelegate) : match(gateways);
  const route = fc
    .tuple(mostly(fc.array(own, { maxLength: 2 }), 7), action)
    .map(([asked, does]): HTTPRoute => (asked === undefined ? does : { match: asked, ...does }));
  if (gateways.length === 0) return route;
  const root = fc
    .tuple(fc.array(rootMatch, { maxLength: 2 }), delegate)
    .map(([asked, does]): HTTPRoute => ({ match: asked, ...does }));
  return fc.oneof({ arbitrary: route, weight: 7 }, { arbitrary: root, weight: 1 });
}

/** The routes of a VirtualService; the last of them is mostly for all requests. */
export const httpRoutes = (gateways: readonly string[]): Arbitrary<readonly HTTPRoute[]> =>
  fc
    .tuple(
      fc.array(httpRoute(gateways), { minLength: 1, maxLength: 2, size: "max" }),
      mostly(forwarding, 3),
    )
    .map(([routes, last]) => (last === undefined ? routes : [...routes, last]));

/** A request, and who makes it. */
export interface Asked {
  readonly from: CallerName;
  readonly request: HttpRequest;
}

const INSIDE = [
  "shop",
  "SHOP",
  "shop.a",
  "shop.b",
  "shop.b.svc",
  "shop.a.svc.cluster.local",
  "shop.a.svc.cluster.local.",
  "Shop.B.svc.cluster.local",
  "cart",
  "cart.a",
  "unknown.a.svc.cluster.local",
];
const OUTSIDE = [
  "api.example.com",
  "API.example.com",
  "www.example.com",
  "other.example.com",
  "example.com",
  "else.com",
  "api.example.org",
  "[fd00::1]",
  "192.0.2.7",
];

const QUERIES = [
  "",
  "",
  "",
  "?q=1",
  "?q",
  "?q=",
  "?q=12&r=1",
  "?r=1&q=2",
  "?q=%31",
  "?q=1?2",
  "?q=2&q=1",
];

/** A name by which a host of a VirtualService is called, also one with a wildcard. */
const calledBy = (host: string): string => host.replace(/^\*\.?/, "other.").replace(/\.$/, "");

/** A request in a world: mostly for a host of one of its VirtualServices. */
export function askedIn({ virtualServices }: World): Arbitrary<Asked> {
  const named = virtualServices.flatMap(({ spec }) => spec.hosts ?? []).map(calledBy);
  const any = { arbitrary: fc.constantFrom(...INSIDE, ...OUTSIDE), weight: 1 };
  return askedFor(
    named.length === 0
      ? any.arbitrary
      : fc.oneof(any, { arbitrary: fc.constantFrom(...named), weight: 3 }),
  );
}

const askedFor = (host: Arbitrary<string>): Arbitrary<Asked> =>
  fc
    .record({
      from: fc.constantFrom(...(Object.keys(CALLERS) as CallerName[])),
      method: fc.constantFrom("GET", "GET", "PUT", "POST"),
      host,
      port: fc.constantFrom(80, 80, 80, 8080),
      saysPort: fc.boolean(),
      path: fc.constantFrom(...PATHS, "/a/b/c", "/z"),
      query: fc.constantFrom(...QUERIES),
      headers: fc.dictionary(
        fc.constantFrom("x-one", "x-two", "x-three"),
        fc.constantFrom("1", "2", "12"),
        {
          maxKeys: 2,
        },
      ),
    })
    .map(({ from, method, host: name, port, saysPort, path, query, headers }) => {
      const called = from === "gateway" ? 80 : port;
      return {
        from,
        request: {
          method,
          authority: saysPort ? `${name}:${called}` : name,
          port: called,
          path: `${path}${query}`,
          headers,
        },
      };
    });
