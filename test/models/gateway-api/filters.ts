/** What filters do with requests and answers. See HTTPRouteFilter. */
import { splitPath } from "../routing/http-match.js";
import type { HttpRequest } from "../routing/objects.js";
import type { HeaderValues } from "../routing/verdict.js";
import type { PathMatch } from "./matches.js";
import type { Filter, HeaderModifier, PathModifier, RequestRedirect } from "./objects.js";

/** The filter of a type. */
export function filterOf<Type extends Filter["type"]>(
  filters: readonly Filter[],
  type: Type,
): Extract<Filter, { type: Type }> | undefined {
  return filters.find((one): one is Extract<Filter, { type: Type }> => one.type === type);
}

type Header = NonNullable<HeaderModifier["set"]>[number];

/** "Subsequent entries with an equivalent header name MUST be ignored"; names are the same in any case. */
const firstOfEach = (headers: readonly Header[]): readonly (readonly [string, string])[] =>
  headers
    .filter(
      ({ name }, i) =>
        headers.findIndex((one) => one.name.toLowerCase() === name.toLowerCase()) === i,
    )
    .map(({ name, value }) => [name.toLowerCase(), value]);

/** "Set overwrites the request with the given header", "Add … appends to any existing values". */
function modified(
  headers: HeaderValues,
  { set = [], add = [], remove = [] }: HeaderModifier = {},
): HeaderValues {
  const removed = remove.map((name) => name.toLowerCase());
  const kept = Object.entries(headers).filter(([name]) => !removed.includes(name));
  const added = firstOfEach(add).map(([name, value]): [string, string] => {
    const before = headers[name];
    return [name, before === undefined ? value : `${before},${value}`];
  });
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(firstOfEach(set).filter(([name]) => name !== "host")),
    ...Object.fromEntries(added),
  };
}

/** The headers of a request with what some filters do to them. */
export const withRequestFilters = (
  headers: HeaderValues,
  filters: readonly Filter[],
): HeaderValues =>
  modified(headers, filterOf(filters, "RequestHeaderModifier")?.requestHeaderModifier);

/** The host that some filters set: as the header Host, which Istio takes for a rewrite. */
export function hostSetBy(filters: readonly Filter[]): string | undefined {
  const { set = [] } = filterOf(filters, "RequestHeaderModifier")?.requestHeaderModifier ?? {};
  return set.find(({ name }) => name.toLowerCase() === "host")?.value;
}

/** The headers of an answer with what some filters do to them. */
export const withAnswerFilters = (
  headers: HeaderValues,
  filters: readonly Filter[],
): HeaderValues =>
  modified(headers, filterOf(filters, "ResponseHeaderModifier")?.responseHeaderModifier);

/** "A trailing `/` is ignored", of the prefix that is matched and of what comes in its place; what is left is no less than `/`. */
function withPrefix(path: string, prefix: string, replacement: string): string {
  const rest = path.slice(prefix.replace(/\/$/, "").length);
  const changed = `${replacement.replace(/\/$/, "")}${rest}`;
  return changed === "" ? "/" : changed;
}

/** The path with what a modifier makes of it; the query stays. */
export function modifiedPath(
  whole: string,
  modifier: PathModifier | undefined,
  match: PathMatch | undefined,
): string {
  if (modifier === undefined) return whole;
  const [path, query] = splitPath(whole);
  const changed =
    modifier.type === "ReplaceFullPath"
      ? modifier.replaceFullPath
      : withPrefix(path, match?.value ?? "/", modifier.replacePrefixMatch);
  return query === undefined ? changed : `${changed}?${query}`;
}

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Where a client comes in. */
export interface Entry {
  readonly scheme: "http" | "https";
  readonly port: number;
}

/**
 * "If redirect scheme is not-empty, the redirect port MUST be the well-known port associated with the redirect scheme. … If
 * redirect scheme is empty, the redirect port MUST be the Gateway Listener port." That of the scheme "SHOULD NOT" be written:
 * Envoy has to where the host stays as it is in a Host header with another one.
 */
export function locationOf(
  { scheme, hostname, port, path }: RequestRedirect,
  request: HttpRequest,
  { entry, match }: { readonly entry: Entry; readonly match: PathMatch | undefined },
): string {
  const to = scheme ?? entry.scheme;
  const toPort = port ?? (scheme === undefined ? entry.port : PORTS[scheme]);
  const host = hostname ?? request.authority.replace(/:\d+$/, "");
  const [, asked] = request.authority.split(":");
  const isLeft = to !== entry.scheme && Number(asked) === PORTS[entry.scheme];
  const replaces = hostname === undefined && asked !== undefined && !isLeft;
  const shown = toPort === PORTS[to] && !replaces ? host : `${host}:${toPort}`;
  return `${to}://${shown}${modifiedPath(request.path, path, match)}`;
}
