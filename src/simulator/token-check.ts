/** What Envoy's JWT filter says to a request. See Envoy, extensions.filters.http.jwt_authn.v3. */
import type { JwtProviderJson, JwtRequirementJson } from "../envoy/api.js";
import type { HttpRequest } from "./call.js";
import { readToken, type Token, type TokenJudge } from "./token.js";

/** The filter's configuration. */
export interface JwtConfig {
  readonly providers?: Readonly<Record<string, JwtProviderJson>>;
  readonly rules?: readonly { readonly requires?: JwtRequirementJson }[];
}

/** What came of the tokens of a request. */
export type TokenOutcome =
  | { readonly kind: "missing" }
  | {
      readonly kind: "good";
      readonly token: Token;
      readonly provider: JwtProviderJson;
      /** What cannot be known here, and has to hold. */
      readonly condition?: string;
    }
  | {
      readonly kind: "bad";
      readonly status: number;
      /** Absent when it is of none that is asked for, or there is no token. */
      readonly provider?: JwtProviderJson;
      readonly reason: string;
    };

/** A request, and who judges its tokens; without one they are taken to be of their time, and signed. */
export interface Presented {
  readonly request: HttpRequest;
  readonly judge: TokenJudge | undefined;
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
/** What clocks may differ by. Envoy's default. */
const CLOCK_SKEW_S = 60;

const MISSING: TokenOutcome = { kind: "missing" };

/** What the filter says: `missing` where a request may have no token, and has none. */
export function checkTokens(config: JwtConfig, presented: Presented): TokenOutcome {
  const { providers = {}, rules = [] } = config;
  const requires = rules[0]?.requires;
  if (requires === undefined) return MISSING;
  const outcome = fulfil(requires, Object.keys(providers), { providers, presented });
  return outcome === "absent" ? bad("it has no token, and one is required") : outcome;
}

function bad(reason: string, provider?: JwtProviderJson, status = UNAUTHORIZED): TokenOutcome {
  return { kind: "bad", status, reason, ...(provider === undefined ? {} : { provider }) };
}

interface Context {
  readonly providers: Readonly<Record<string, JwtProviderJson>>;
  readonly presented: Presented;
}

/** `absent`: there is no token where one has to be. `among` are the providers whose tokens may be missing. */
function fulfil(
  requirement: JwtRequirementJson,
  among: readonly string[],
  context: Context,
): TokenOutcome | "absent" {
  const { providerName, requiresAny, requiresAll, allowMissing } = requirement;
  if (providerName !== undefined) return tokenFor([providerName], context) ?? "absent";
  if (allowMissing !== undefined) return tokenFor(among, context) ?? MISSING;
  if (requiresAll !== undefined) return all(requiresAll.requirements ?? [], among, context);
  return any(requiresAny?.requirements ?? [], among, context);
}

function all(
  requirements: readonly JwtRequirementJson[],
  among: readonly string[],
  context: Context,
): TokenOutcome | "absent" {
  const outcomes = requirements.map((one) => fulfil(one, among, context));
  const failed = outcomes.find((one) => one === "absent" || one.kind === "bad");
  return failed ?? outcomes.find((one) => one !== "absent" && one.kind === "good") ?? MISSING;
}

/** The first that is fulfilled; else the reason that says most. */
function any(
  requirements: readonly JwtRequirementJson[],
  among: readonly string[],
  context: Context,
): TokenOutcome | "absent" {
  const named = requirements.flatMap(({ providerName }) => providerName ?? []);
  const outcomes = requirements.map((one) =>
    fulfil(one, named.length === 0 ? among : named, context),
  );
  const fulfilled = outcomes.find((one) => one !== "absent" && one.kind !== "bad");
  if (fulfilled !== undefined) return fulfilled;
  const failed = outcomes.filter((one) => one !== "absent");
  return (
    failed.find((one) => one.kind === "bad" && one.reason !== UNKNOWN_ISSUER) ??
    failed[0] ??
    "absent"
  );
}

const UNKNOWN_ISSUER = "its token is of an issuer that is not asked for";

/** What comes of the tokens that stand where these providers look for theirs; undefined when there is none. */
function tokenFor(names: readonly string[], context: Context): TokenOutcome | undefined {
  const providers = names.flatMap((name) => context.providers[name] ?? []);
  const texts = new Set(
    providers.flatMap((provider) => tokensAt(provider, context.presented.request)),
  );
  const outcomes = [...texts].map((text) => judged(text, providers, context.presented));
  return outcomes.find(({ kind }) => kind === "bad") ?? outcomes.at(-1);
}

const DEFAULT_HEADERS: JwtProviderJson["fromHeaders"] = [
  { name: "Authorization", valuePrefix: "Bearer " },
];
const DEFAULT_PARAMETERS = ["access_token"];

/** The tokens that stand where a provider looks for its own. */
function tokensAt(provider: JwtProviderJson, { headers, path }: HttpRequest): readonly string[] {
  const { fromHeaders = [], fromParams = [], fromCookies = [] } = provider;
  const isDefault = fromHeaders.length + fromParams.length + fromCookies.length === 0;
  const query = new URLSearchParams(path.split("?", 2)[1] ?? "");
  const cookies = new Map(
    (headers["cookie"] ?? "").split(";").map((pair) => {
      const [name = "", ...value] = pair.trim().split("=");
      return [name, value.join("=")] as const;
    }),
  );
  const inHeaders = (isDefault ? (DEFAULT_HEADERS ?? []) : fromHeaders).flatMap(
    ({ name = "", valuePrefix = "" }) => {
      const value = headers[name.toLowerCase()];
      return value?.startsWith(valuePrefix) === true ? [value.slice(valuePrefix.length)] : [];
    },
  );
  return [
    ...inHeaders,
    ...(isDefault ? DEFAULT_PARAMETERS : fromParams).flatMap((name) => query.get(name) ?? []),
    ...fromCookies.flatMap((name) => cookies.get(name) ?? []),
  ];
}

function judged(
  text: string,
  providers: readonly JwtProviderJson[],
  { judge }: Presented,
): TokenOutcome {
  const token = readToken(text);
  if (token === undefined) return bad("its token is none");
  const { iss, exp, nbf, aud } = token.claims;
  const provider = providers.find(({ issuer = "" }) => issuer === "" || issuer === iss);
  if (provider === undefined) return bad(UNKNOWN_ISSUER);
  const { now } = judge ?? {};
  if (typeof exp === "number" && now !== undefined && exp + CLOCK_SKEW_S < now) {
    return bad(`its token has expired at ${timeOf(exp)}`, provider);
  }
  if (typeof nbf === "number" && now !== undefined && nbf - CLOCK_SKEW_S > now) {
    return bad(`its token is not good before ${timeOf(nbf)}`, provider);
  }
  if (!isForAudience(provider.audiences ?? [], aud)) {
    const wanted = (provider.audiences ?? []).join(", ");
    return bad(`its token is for none of the audiences ${wanted}`, provider, FORBIDDEN);
  }
  return withKeys(token, provider, judge);
}

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Nothing is asked of the audience where none is named. A scheme, and a slash at the end, make no difference to Envoy. */
function isForAudience(wanted: readonly string[], given: unknown): boolean {
  const plain = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const names = [given].flat().filter((name) => typeof name === "string");
  return wanted.length === 0 || wanted.some((one) => names.map(plain).includes(plain(one)));
}

function withKeys(
  token: Token,
  provider: JwtProviderJson,
  judge: TokenJudge | undefined,
): TokenOutcome {
  const { localJwks, remoteJwks } = provider;
  const good = { kind: "good", token, provider } as const;
  const keySet = localJwks?.inlineString;
  if (keySet !== undefined) {
    const reason = "its token is signed by no key of its issuer";
    return judge?.isSignedBy(token, keySet) === false ? bad(reason, provider) : good;
  }
  const uri = remoteJwks?.httpUri?.uri ?? "a file";
  return { ...good, condition: `a key of ${uri} has signed its token` };
}

/** A request without the headers in which good tokens stand, unless their provider hands them on. */
export function withoutTokens(config: JwtConfig, presented: Presented): HttpRequest {
  const { request } = presented;
  const outcome = checkTokens(config, presented);
  if (outcome.kind !== "good" || outcome.provider.forward === true) return request;
  const { fromHeaders = [] } = outcome.provider;
  const names = new Set([
    "authorization",
    ...fromHeaders.map(({ name = "" }) => name.toLowerCase()),
  ]);
  const stays = ([name, value]: readonly [string, string]): boolean =>
    !names.has(name) || !value.endsWith(outcome.token.text);
  return { ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(stays)) };
}

/** What a good token says, as the filter leaves it to those behind it. */
export function payloadOf({
  token,
  provider,
}: Extract<TokenOutcome, { kind: "good" }>): Readonly<Record<string, unknown>> {
  const lists = new Set(provider.normalizePayloadInMetadata?.spaceDelimitedClaims ?? []);
  const valueOf = (name: string, value: unknown): unknown =>
    lists.has(name) && typeof value === "string" ? value.split(" ") : value;
  const claims = Object.entries(token.claims).map(
    ([name, value]) => [name, valueOf(name, value)] as const,
  );
  return { [provider.payloadInMetadata ?? ""]: Object.fromEntries<unknown>(claims) };
}
