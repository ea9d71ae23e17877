/** What a route does with a request. See HTTPRoute. */
import { RE2JS } from "re2js";
import { corsVerdict } from "./cors.js";
import { destinationTarget, type Target } from "./destination-rules.js";
import { schemeOf, splitPath } from "./http-match.js";
import type { Rule } from "./http-rules.js";
import type {
  Caller,
  HeaderOperations,
  Headers,
  HTTPRedirect,
  HTTPRetry,
  HTTPRewrite,
  HttpRequest,
  World,
} from "./objects.js";

export type HeaderValues = Readonly<Record<string, string>>;

/** One of the destinations among which requests are shared. */
export interface Share {
  /** undefined of one that is not found: its requests are dropped. */
  readonly target: Target | undefined;
  readonly weight: number;
  readonly authority: string;
  /** Of the request as the destination gets it. */
  readonly headers: HeaderValues;
  /** Of the answer as the caller gets it, to one with these. */
  readonly answerHeaders: (own: HeaderValues) => HeaderValues;
}

/** What becomes of a request. */
export type Verdict =
  /** The proxy answers by itself. */
  | { readonly is: "answered"; readonly status: number; readonly answerHeaders: HeaderValues }
  | {
      readonly is: "redirected";
      readonly status: number;
      readonly location: string;
      readonly answerHeaders: HeaderValues;
    }
  | {
      readonly is: "forwarded";
      readonly path: string;
      readonly shares: readonly Share[];
      /** How many answers with 503 in a row the caller does not get to see. */
      readonly hides: number;
    }
  /** It goes to whomever it was meant for, whom the mesh does not know. */
  | { readonly is: "passed through" }
  /** There is nobody to pass it through to. */
  | { readonly is: "blocked" };

const OK = 200;
const NOT_FOUND = 404;
const MOVED_PERMANENTLY = 301;

const isHost = (name: string): boolean => ["host", ":authority"].includes(name.toLowerCase());

/** Names of headers are the same in any case (RFC 9110); the host is none of those that are sent on. */
const named = (values: HeaderValues = {}): readonly (readonly [string, string])[] =>
  Object.entries(values)
    .filter(([name]) => !isHost(name))
    // Values are formats of Envoy's, where a percent sign is written twice.
    .map(([name, value]) => [name.toLowerCase(), value.replaceAll("%%", "%")]);

/** The headers with what a route does to them: "set" overwrites, "add" appends. */
function operated(headers: HeaderValues, operations: HeaderOperations | undefined): HeaderValues {
  const { set, add, remove = [] } = operations ?? {};
  const removed = remove.map((name) => name.toLowerCase());
  const kept = Object.entries(headers).filter(([name]) => !removed.includes(name));
  const after: HeaderValues = { ...Object.fromEntries(kept), ...Object.fromEntries(named(set)) };
  const added = named(add).map(([name, value]): [string, string] => {
    const before = after[name];
    return [name, before === undefined ? value : `${before},${value}`];
  });
  return { ...after, ...Object.fromEntries(added) };
}

/** The host that operations set: those of a route before those of its destination, and both after a rewrite's `authority`. */
const hostSetBy = ({ request = {} }: Headers = {}): string | undefined =>
  Object.entries({ ...request.add, ...request.set }).find(([name]) => isHost(name))?.[1];

const operatedBy = (
  headers: HeaderValues,
  way: keyof Headers,
  operations: readonly (Headers | undefined)[],
): HeaderValues => operations.reduce((before, one) => operated(before, one?.[way]), headers);

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

const withoutPort = (authority: string): string => authority.replace(/:\d+$/, "");

/**
 * Host and port of a redirect. The port is that which is named, or derived; else that of `authority`, else that of the Host
 * header, which is none of its own where it is the default of a scheme that does not stay.
 */
function redirectedHost(
  { authority, port, derivePort, scheme }: HTTPRedirect,
  request: HttpRequest,
): string {
  const own = schemeOf(request);
  const host = authority ?? request.authority;
  const derived = derivePort === "FROM_REQUEST_PORT" ? request.port : DEFAULT_PORTS[scheme ?? own];
  const named = derivePort === undefined ? port : derived;
  if (named !== undefined) return `${withoutPort(host)}:${named}`;
  const isLeft = authority === undefined && scheme !== undefined && scheme !== own;
  return isLeft && host.endsWith(`:${DEFAULT_PORTS[own]}`) ? withoutPort(host) : host;
}

/** What a redirect does not name stays; "the entire path will be replaced". */
function locationOf(redirect: HTTPRedirect, request: HttpRequest): string {
  const [path, query] = splitPath(request.path);
  const shown = query === undefined ? "" : `?${query}`;
  const { scheme = schemeOf(request), uri = path } = redirect;
  return `${scheme}://${redirectedHost(redirect, request)}${uri}${shown}`;
}

/** What is tried again where a policy has no words for it. */
const RETRIED = "connect-failure,refused-stream,unavailable,cancelled,503";

/** How many answers with 503 are tried again. By itself a mesh tries only what never came to the application. */
function hiddenBy({ attempts, retryOn = RETRIED }: HTTPRetry): number {
  const words = retryOn.split(",");
  return ["5xx", "gateway-error", "503"].some((word) => words.includes(word)) ? attempts : 0;
}

/** The prefix of the path by which a rule took the request; undefined when it was taken by another match of it. */
function matchedPrefix({ matches }: Rule): string | undefined {
  const uri = matches.map((one) => one.uri).findLast((one) => one !== undefined);
  return uri === undefined ? "/" : uri.prefix;
}

/** "The string that should replace into matching portions of original URI", as RE2's GlobalReplace does it. */
function replaced(
  path: string,
  { match, rewrite }: NonNullable<HTTPRewrite["uriRegexRewrite"]>,
): string {
  const matcher = RE2JS.compile(match).matcher(path);
  const pieces: string[] = [];
  let last: number | undefined;
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && start === last) continue;
    pieces.push(path.slice(last ?? 0, start));
    pieces.push(
      rewrite.replaceAll(/\\(.)/g, (_, one: string) =>
        one === "\\" ? one : (matcher.group(Number(one)) ?? ""),
      ),
    );
    last = end;
  }
  return [...pieces, path.slice(last ?? 0)].join("");
}

/**
 * The path that the destination gets. "If the original URI was matched based on prefix, the value … will replace the
 * corresponding matched prefix", also where that leaves two slashes, else the path; a rule without `uri` takes all paths
 * that begin with `/`.
 */
function rewrittenPath(rewrite: HTTPRewrite | undefined, rule: Rule, path: string): string {
  const { uri, uriRegexRewrite } = rewrite ?? {};
  if (uriRegexRewrite !== undefined) {
    return replaced(path, uriRegexRewrite);
  }
  if (uri === undefined) return path;
  const prefix = matchedPrefix(rule);
  return prefix === undefined ? uri : `${uri}${path.slice(prefix.length)}`;
}

/** What the rule does that took a request; without one there is nothing for it. */
export function verdictOf(
  world: World,
  rule: Rule | undefined,
  { caller, request }: { readonly caller: Caller; readonly request: HttpRequest },
): Verdict {
  if (rule === undefined) return { is: "answered", status: NOT_FOUND, answerHeaders: {} };
  const { route, namespace } = rule;
  const answerHeaders = operated({}, route.headers?.response);
  if (route.fault?.abort.percentage.value === 100) {
    return { is: "answered", status: route.fault.abort.httpStatus, answerHeaders };
  }
  if (route.redirect !== undefined) {
    const { redirectCode: status = MOVED_PERMANENTLY } = route.redirect;
    const location = locationOf(route.redirect, request);
    return { is: "redirected", status, location, answerHeaders };
  }
  if (route.directResponse !== undefined) {
    return { is: "answered", status: route.directResponse.status, answerHeaders };
  }
  const cors = route.corsPolicy && corsVerdict(route.corsPolicy, request);
  if (cors?.isAnswered === true) {
    return { is: "answered", status: OK, answerHeaders: cors.headers };
  }
  const [path, query] = splitPath(request.path);
  const written = rewrittenPath(route.rewrite, rule, path);
  const destinations = route.route ?? [];
  // "If there is only one destination in a rule, it will receive all traffic."
  const receiving =
    destinations.length === 1 ? destinations : destinations.filter(({ weight = 0 }) => weight > 0);
  return {
    is: "forwarded",
    path: query === undefined ? written : `${written}?${query}`,
    hides: hiddenBy(route.retries ?? { attempts: 0 }),
    shares: receiving.map(({ destination, weight = 0, headers }) => ({
      target: destinationTarget(world, destination, namespace, {
        caller,
        calledPort: request.port,
      }),
      weight: destinations.length === 1 ? 100 : weight,
      authority:
        route.rewrite?.authority ??
        hostSetBy(route.headers) ??
        hostSetBy(headers) ??
        request.authority,
      headers: operatedBy(request.headers, "request", [route.headers, headers]),
      answerHeaders: (own) => ({
        ...operatedBy(own, "response", [route.headers, headers]),
        ...cors?.headers,
      }),
    })),
  };
}

/** A request goes as it is to a host for which there are no rules. */
export const unruled = (target: Omit<Target, "subset">, request: HttpRequest): Verdict => ({
  is: "forwarded",
  path: request.path,
  hides: 0,
  shares: [
    {
      target: { ...target, subset: "" },
      weight: 100,
      authority: request.authority,
      headers: request.headers,
      answerHeaders: (own) => own,
    },
  ],
});
