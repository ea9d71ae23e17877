/** Whether a request is one that a match asks for. See HTTPMatchRequest. */
import { RE2JS } from "re2js";
import type { HTTPMatchRequest, HttpRequest, StringMatch, StringMatches } from "./objects.js";

/** `regex` takes the whole text ("will only match values like `123` but not `a123` or `123a`"). */
export function matchesText({ exact, prefix, regex }: StringMatch, text: string): boolean {
  if (exact !== undefined) return text === exact;
  if (prefix !== undefined) return text.startsWith(prefix);
  return regex === undefined || RE2JS.matches(regex, text);
}

/** "If the value is empty and only the name of header is specified, presence of the header is checked." */
function matchesHeader(match: StringMatch, value: string | undefined): boolean {
  if (value === undefined) return false;
  // Of `withoutHeaders`: no regular expression, but any value.
  return match.regex === "*" || matchesText(match, value);
}

/** "The case will be ignored only in the case of `exact` and `prefix` URI matches." */
function matchesUri({ uri, ignoreUriCase }: HTTPMatchRequest, path: string): boolean {
  if (uri === undefined) return true;
  if (ignoreUriCase !== true || uri.regex !== undefined) return matchesText(uri, path);
  const lower = (text: string | undefined): string | undefined => text?.toLowerCase();
  const { exact, prefix } = uri;
  return exact === undefined
    ? path.toLowerCase().startsWith(lower(prefix) ?? "")
    : path.toLowerCase() === lower(exact);
}

/** The value of a query parameter, the first of that name; as it was sent. */
function queryParam(query: string, name: string): string | undefined {
  const pairs = query.split("&").map((pair) => {
    const [key = "", ...value] = pair.split("=");
    return { key, value: value.join("=") };
  });
  return pairs.find(({ key }) => key === name)?.value;
}

const all = (
  matches: StringMatches | undefined,
  holds: (name: string, match: StringMatch) => boolean,
): boolean => Object.entries(matches ?? {}).every(([name, match]) => holds(name, match));

/** Of the URL by which a client calls. */
export const schemeOf = ({ encrypted }: Pick<HttpRequest, "encrypted">): "http" | "https" =>
  encrypted === true ? "https" : "http";

/** A path and its query. */
export function splitPath(path: string): readonly [path: string, query: string | undefined] {
  const at = path.indexOf("?");
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)];
}

/** "All conditions inside a single match block have AND semantics." */
export function matchesRequest(match: HTTPMatchRequest, request: HttpRequest): boolean {
  const [path, query = ""] = splitPath(request.path);
  const { scheme, method, authority, headers, withoutHeaders, queryParams } = match;
  return (
    matchesUri(match, path) &&
    (scheme === undefined || matchesText(scheme, schemeOf(request))) &&
    (method === undefined || matchesText(method, request.method)) &&
    (authority === undefined || matchesText(authority, request.authority)) &&
    all(headers, (name, one) => matchesHeader(one, request.headers[name])) &&
    all(withoutHeaders, (name, one) => !matchesHeader(one, request.headers[name])) &&
    all(queryParams, (name, one) => {
      const value = queryParam(query, name);
      return value !== undefined && matchesText(one, value);
    })
  );
}

/** A rule "that matches any request path or header", whoever calls. */
export function isCatchAll({ uri, ...match }: HTTPMatchRequest): boolean {
  const { scheme, method, authority, headers, withoutHeaders, queryParams } = match;
  const isAnyPath = uri === undefined || uri.prefix === "/" || uri.regex === ".*";
  const others = [headers, withoutHeaders, queryParams].flatMap((one) => Object.keys(one ?? {}));
  return isAnyPath && (scheme ?? method ?? authority) === undefined && others.length === 0;
}
