/**
 * Sessions of rules with several backends: a second cookie says to which backend a client went first. The requests with it go
 * there, by a route of their own in front of the one that shares the others by weight; the session of the endpoint is Envoy's.
 */
import { literalRegex } from "../../base/text/literal-regex.js";
import { durationMs } from "../../config/duration.js";
import type {
  HTTPRoute,
  HTTPRouteDestination,
} from "../../config/kinds/networking/virtual-service/http-route.js";
import type { SessionState } from "./session.js";

type CookieState = Extract<SessionState, { type: "cookie" }>;

/** A route, and how it keeps clients with their endpoints. */
interface Kept {
  readonly route: HTTPRoute;
  readonly part: { readonly session?: SessionState };
}

/** The routes in place of one: itself, where it is without a session or goes to one place. */
export function withKeptBackends<Made extends Kept>(made: Made): readonly Made[] {
  const {
    route,
    part: { session },
  } = made;
  const { route: destinations = [], match = [] } = route;
  const takesCookies = match.some(({ headers = {} }) => "cookie" in headers);
  if (session?.type !== "cookie" || destinations.length < 2 || takesCookies) return [made];
  const name = `${session.name}-backend`;
  const backends = new Map(destinations.map((one) => [backendOf(one), one]));
  const kept = [...backends].map(([backend, { weight: _, ...destination }]): Made => {
    const cookie = { regex: `(.*; *)?${literalRegex(`${name}=${backend}`)}(;.*)?` };
    const matching = match.map((one) => ({ ...one, headers: { ...one.headers, cookie } }));
    return { ...made, route: { ...route, match: matching, route: [destination] } };
  });
  const shared = destinations.map((one) => withCookie(one, cookieOf(name, one, session)));
  return [...kept, { ...made, route: { ...route, route: shared } }];
}

/** By its name and port, so that it is the same whatever other backends there are. */
const backendOf = ({ destination: { host, port } }: HTTPRouteDestination): string =>
  `${host}:${port?.number ?? 0}`;

function cookieOf(name: string, to: HTTPRouteDestination, { path, ttl }: CookieState): string {
  const age = ttl === undefined ? [] : [`Max-Age=${Math.floor((durationMs(ttl) ?? 0) / 1000)}`];
  return [`${name}=${backendOf(to)}`, ...age, `Path=${path}`, "HttpOnly"].join("; ");
}

function withCookie(one: HTTPRouteDestination, cookie: string): HTTPRouteDestination {
  const { response = {}, ...others } = one.headers ?? {};
  // In letters of its own, beside one that a filter of the backend may add.
  const add = { ...response.add, "Set-Cookie": cookie };
  return { ...one, headers: { ...others, response: { ...response, add } } };
}
