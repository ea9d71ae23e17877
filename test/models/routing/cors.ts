/** What a CorsPolicy has a proxy do for browsers. See CorsPolicy, and the Fetch standard's "CORS protocol". */
import { matchesText } from "./http-match.js";
import type { CorsPolicy, HttpRequest } from "./objects.js";

type HeaderValues = HttpRequest["headers"];

/** See the top of this file. */
export interface CorsVerdict {
  /** The proxy answers by itself: it is a question of a browser ("preflight"). */
  readonly isAnswered: boolean;
  /** What the answer says to the browser. */
  readonly headers: HeaderValues;
}

const ASKED_METHOD = "access-control-request-method";
const ASKED_HEADERS = "access-control-request-headers";
const ALLOWED = "access-control-allow-";

/** "An origin is allowed if any of the string matchers match." */
const isAllowed = ({ allowOrigins }: CorsPolicy, origin: string): boolean =>
  allowOrigins.some((one) => one.exact === "*" || matchesText(one, origin));

const isPreflight = ({ method, headers }: HttpRequest): boolean =>
  method === "OPTIONS" && headers[ASKED_METHOD] !== undefined;

/** `*` alone is answered with what was asked for: by itself it means nothing where there are credentials. */
const listed = (
  words: readonly string[] | undefined,
  asked: string | undefined,
): string | undefined => (words?.join(",") === "*" ? (asked ?? "") : words?.join(","));

const told = (headers: Readonly<Record<string, string | undefined>>): HeaderValues =>
  Object.fromEntries(
    Object.entries(headers).filter((one): one is [string, string] => one[1] !== undefined),
  );

/** What is done for a request; nothing for one that names no origin. */
export function corsVerdict(policy: CorsPolicy, request: HttpRequest): CorsVerdict {
  const { origin } = request.headers;
  if (origin === undefined) return { isAnswered: false, headers: {} };
  const allowed = isAllowed(policy, origin);
  const { allowMethods, allowHeaders, exposeHeaders, maxAge, allowCredentials } = policy;
  const always = {
    [`${ALLOWED}origin`]: allowed ? origin : undefined,
    [`${ALLOWED}credentials`]: allowCredentials === true ? "true" : undefined,
    "access-control-expose-headers": allowed ? exposeHeaders?.join(",") : undefined,
  };
  if (!isPreflight(request)) return { isAnswered: false, headers: allowed ? told(always) : {} };
  // "Preflight requests not matching the configured allowed origin will be forwarded to the upstream", by default.
  if (!allowed && policy.unmatchedPreflights !== "IGNORE")
    return { isAnswered: false, headers: {} };
  return {
    isAnswered: true,
    headers: told({
      ...always,
      [`${ALLOWED}methods`]: listed(allowMethods, request.headers[ASKED_METHOD]),
      [`${ALLOWED}headers`]: listed(allowHeaders, request.headers[ASKED_HEADERS]),
      "access-control-max-age": maxAge?.replace(/s$/, ""),
    }),
  };
}
