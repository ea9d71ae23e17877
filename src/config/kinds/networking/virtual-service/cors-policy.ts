import { durationMs } from "../../../duration.js";
import type { Path } from "../../../kind.js";
import { headerNameProblem } from "../../format/http-headers.js";
import {
  Duration,
  Flag,
  list,
  oneOf,
  optional,
  strict,
  Text,
  type ValueOf,
} from "../../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../../value/findings.js";
import { checkDuration } from "../../value/numbers.js";
import { checkPathMatch, StringMatch } from "../../value/string-match.js";

/** Which browsers' origins may use a route (CORS). */
export type CorsPolicy = ValueOf<typeof CorsPolicy>;
export const CorsPolicy = strict({
  /** Deprecated: exact origins; `allowOrigins` has replaced it. */
  allowOrigin: optional(list(Text)),
  allowOrigins: optional(list(StringMatch)),
  allowMethods: optional(list(Text)),
  allowHeaders: optional(list(Text)),
  exposeHeaders: optional(list(Text)),
  maxAge: optional(Duration),
  allowCredentials: optional(Flag),
  unmatchedPreflights: optional(oneOf("UNSPECIFIED", "FORWARD", "IGNORE")),
});

/** The methods of RFC 9110 and RFC 5789, and all of them. */
const METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "*",
];

/** Origins, methods and headers that there are, and an age in whole seconds. */
export function* checkCorsPolicy(policy: CorsPolicy, path: Path): Findings {
  yield* each(policy.allowOrigins, [...path, "allowOrigins"], checkOrigin);
  yield* each(policy.allowMethods, [...path, "allowMethods"], (method, at) =>
    refuse(at, METHODS.includes(method) ? undefined : `"${method}" is no method of HTTP`),
  );
  for (const field of ["allowHeaders", "exposeHeaders"] as const) {
    yield* each(policy[field], [...path, field], (name, at) =>
      refuse(at, name === "*" ? undefined : headerNameProblem(name)),
    );
  }
  yield* given(policy.maxAge, [...path, "maxAge"], checkMaxAge);
}

function* checkOrigin(origin: StringMatch, path: Path): Findings {
  yield* checkPathMatch(origin, path);
  if ((origin.exact ?? "") + (origin.prefix ?? "") + (origin.regex ?? "") === "") {
    yield invalid(path, "the origin says nothing: give exact, prefix or regex");
  }
}

function* checkMaxAge(age: string, path: Path): Findings {
  yield* checkDuration(age, path);
  if ((durationMs(age) ?? 0) % 1000 !== 0) {
    yield invalid(path, `${age} is too precise: browsers keep whole seconds`);
  }
}
