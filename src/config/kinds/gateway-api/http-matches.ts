import type { Path } from "../../kind.js";
import { headerNameProblem } from "../format/http-headers.js";
import {
  list,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  textUpTo,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, refuse, unique } from "../value/findings.js";
import { checkRegex } from "../value/string-match.js";
import { checkHeaderNames } from "./header-names.js";

/** How a text is compared with a value: `Exact` when nothing is said. */
export type ValueMatch = ValueOf<typeof ValueMatch>;
export const ValueMatch = strict({
  type: optional(oneOf("Exact", "RegularExpression")),
  name: NonEmptyText,
  value: NonEmptyText,
});

const PathMatch = strict({
  type: optional(oneOf("Exact", "PathPrefix", "RegularExpression")),
  value: optional(textUpTo(1024)),
});

/** The methods of requests. */
export const Method = oneOf(
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
);

/** What a request has to be, in all of this; without a path, of any. */
export type HTTPRouteMatch = ValueOf<typeof HTTPRouteMatch>;
export const HTTPRouteMatch = strict({
  path: optional(PathMatch),
  headers: optional(list(ValueMatch, 16)),
  queryParams: optional(list(ValueMatch, 16)),
  method: optional(Method),
});

/** How a path is compared, and with what: by the prefix `/` when nothing is said. */
export function pathOf({ path = {} }: HTTPRouteMatch): {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
} {
  const { type = "PathPrefix", value = "/" } = path;
  return { type, value };
}

/** Paths, headers and parameters that a request can have. */
export function* checkHttpRouteMatch(match: HTTPRouteMatch, path: Path): Findings {
  const { type, value } = pathOf(match);
  const at = [...path, "path", "value"];
  if (type === "RegularExpression") yield* checkRegex(value, at);
  else yield* refuse(at, pathProblem(value));
  yield* given(match.headers, [...path, "headers"], checkHeaderMatches);
  yield* given(match.queryParams, [...path, "queryParams"], checkQueryMatches);
}

/** Headers that there can be, each once; of names that differ in case alone the first counts. */
export function* checkHeaderMatches(matches: readonly ValueMatch[], path: Path): Findings {
  yield* checkValueMatches(matches, path);
  const names = matches.map(({ name }) => name);
  yield* checkHeaderNames(names, (index) => [...path, index, "name"]);
}

function* checkQueryMatches(matches: readonly ValueMatch[], path: Path): Findings {
  yield* checkValueMatches(matches, path);
  const names = matches.map(({ name }) => name);
  yield* unique(names, (index) => [...path, index, "name"], "parameter");
}

function* checkValueMatches(matches: readonly ValueMatch[], path: Path): Findings {
  yield* each(matches, path, function* ({ type, name, value }, at) {
    yield* refuse([...at, "name"], headerNameProblem(name));
    if (type === "RegularExpression") yield* checkRegex(value, [...at, "value"]);
  });
}

const NOT_IN_PATHS: readonly string[] = ["//", "/./", "/../", "%2f", "%2F", "#"];
const NOT_AT_ENDS: readonly string[] = ["/..", "/."];
const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

function pathProblem(value: string): string | undefined {
  if (!value.startsWith("/")) return `the path "${value}" has to begin with /`;
  const inside = NOT_IN_PATHS.find((part) => value.includes(part));
  if (inside !== undefined) return `the path "${value}" cannot have "${inside}" in it`;
  const end = NOT_AT_ENDS.find((part) => value.endsWith(part));
  if (end !== undefined) return `the path "${value}" cannot end with "${end}"`;
  return PATH.test(value) ? undefined : `the path "${value}" has characters that no path has`;
}
