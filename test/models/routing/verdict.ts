/** What a route does with a request. See HTTPRoute. */
import { RE2JS } from "re2js";
import { destinationTarget, type Target } from "./destination-rules.js";
import { splitPath } from "./http-match.js";
import type { Rule } from "./http-rules.js";
import type {
  Caller,
  HeaderOperations,
  Headers,
  HTTPRedirect,
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
  /** Of the request as the destination gets it. */
  readonly headers: HeaderValues;
  /** Of the answer as the caller gets it, to one with these. */
  readonly answerHeaders: (own: HeaderValues) => HeaderValues;
}

/** What becomes of a request. */
export type Verdict =
  /** The proxy answers by itself. */
  | { readonly is: "answered"; readonly status: number }
  | { readonly is: "redirected"; readonly status: number; readonly location: string }
  | {
      readonly is: "forwarded";
      readonly path: string;
      readonly authority: string;
      readonly shares: readonly Share[];
    }
  /** It goes to whomever it was meant for, whom the mesh does not know. */
  | { readonly is: "passed through" }
  /** There is nobody to pass it through to. */
  | { readonly is: "blocked" };

const NOT_FOUND = 404;
const MOVED_PERMANENTLY = 301;

/** The headers with what a route does to them: "set" overwrites, "add" appends. */
function operated(headers: HeaderValues, operations: HeaderOperations | undefined): HeaderValues {
  const { set = {}, add = {}, remove = [] } = operations ?? {};
  const kept = Object.entries(headers).filter(([name]) => !remove.includes(name));
  const added = Object.entries(add).map(([name, value]): [string, string] => {
    const before = headers[name];
    return [name, before === undefined ? value : `${before},${value}`];
  });
  return { ...Object.fromEntries(kept), ...set, ...Object.fromEntries(added) };
}

const operatedBy = (
  headers: HeaderValues,
  way: keyof Headers,
  operations: readonly (Headers | undefined)[],
): HeaderValues => operations.reduce((before, one) => operated(before, one?.[way]), headers);

/** "The port portion" and all else that a redirect does not name stays; "the entire path will be replaced". */
function locationOf({ uri, authority, scheme }: HTTPRedirect, request: HttpRequest): string {
  const [path, query] = splitPath(request.path);
  const shown = query === undefined ? "" : `?${query}`;
  return `${scheme ?? "http"}://${authority ?? request.authority}${uri ?? path}${shown}`;
}

/** The prefix of the path by which a rule took the request; undefined when it was taken by another match of it. */
function matchedPrefix({ matches }: Rule): string | undefined {
  const uri = matches.map((one) => one.uri).findLast((one) => one !== undefined);
  return uri === undefined ? "/" : uri.prefix;
}

/**
 * The path that the destination gets. "If the original URI was matched based on prefix, the value … will replace the
 * corresponding matched prefix", also where that leaves two slashes, else the path; a rule without `uri` takes all paths
 * that begin with `/`.
 */
function rewrittenPath(rewrite: HTTPRewrite | undefined, rule: Rule, path: string): string {
  const { uri, uriRegexRewrite } = rewrite ?? {};
  if (uriRegexRewrite !== undefined) {
    const { match, rewrite: by } = uriRegexRewrite;
    return RE2JS.compile(match)
      .matcher(path)
      .replaceAll(by.replaceAll(/\\(\d)/g, "$$$1"));
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
  if (rule === undefined) return { is: "answered", status: NOT_FOUND };
  const { route, namespace } = rule;
  if (route.fault?.abort.percentage.value === 100) {
    return { is: "answered", status: route.fault.abort.httpStatus };
  }
  if (route.redirect !== undefined) {
    const { redirectCode: status = MOVED_PERMANENTLY } = route.redirect;
    return { is: "redirected", status, location: locationOf(route.redirect, request) };
  }
  if (route.directResponse !== undefined) {
    return { is: "answered", status: route.directResponse.status };
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
    authority: route.rewrite?.authority ?? request.authority,
    shares: receiving.map(({ destination, weight = 0, headers }) => ({
      target: destinationTarget(world, destination, namespace, {
        caller,
        calledPort: request.port,
      }),
      weight: destinations.length === 1 ? 100 : weight,
      headers: operatedBy(request.headers, "request", [route.headers, headers]),
      answerHeaders: (own) => operatedBy(own, "response", [route.headers, headers]),
    })),
  };
}

/** A request goes as it is to a host for which there are no rules. */
export const unruled = (target: Omit<Target, "subset">, request: HttpRequest): Verdict => ({
  is: "forwarded",
  path: request.path,
  authority: request.authority,
  shares: [
    {
      target: { ...target, subset: "" },
      weight: 100,
      headers: request.headers,
      answerHeaders: (own) => own,
    },
  ],
});
