/** What Envoy's JWT filter says to a token. See Envoy, JwtProvider. */
import type { JwtProviderJson } from "../../envoy/api.js";
import { readToken, type Token, type TokenJudge } from "./token.js";
import type { FoundToken } from "./token-place.js";

/** A token that is good, and the provider that says so. */
export interface AcceptedToken {
  readonly token: Token;
  readonly provider: JwtProviderJson;
  /** What cannot be known here, and has to hold. */
  readonly condition?: string;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  /** Absent when the token is of none that is asked for, or there is no token. */
  readonly provider?: JwtProviderJson;
  readonly reason: string;
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
/** What clocks may differ by. Envoy's default. */
const CLOCK_SKEW_S = 60;

const refusal = (reason: string, provider?: JwtProviderJson, status = UNAUTHORIZED): Refusal => ({
  status,
  reason,
  ...(provider === undefined ? {} : { provider }),
});

/** There is no token where one has to be. */
export const NO_TOKEN = refusal("it has no token, and one is required");
/** A token of somebody else. */
export const UNKNOWN_ISSUER = refusal("its token is of an issuer that is not asked for");
const NOT_A_TOKEN = refusal("its token is none");

/**
 * Judges a token by the rules of its issuer among some providers. It has to stand where that issuer's tokens do. Without a
 * judge it is taken to be of its time, and signed.
 */
export function judgeToken(
  { text, providers: looking }: FoundToken,
  providers: readonly JwtProviderJson[],
  judge: TokenJudge | undefined,
): AcceptedToken | Refusal {
  const token = readToken(text);
  if (token === undefined) return NOT_A_TOKEN;
  const { iss, exp, nbf, aud } = token.claims;
  const isOf = ({ issuer = "" }: JwtProviderJson): boolean => issuer === "" || issuer === iss;
  const provider = providers.find(({ issuer }) => issuer === iss) ?? providers.find(isOf);
  if (provider === undefined || !looking.some(isOf)) return UNKNOWN_ISSUER;
  const { now } = judge ?? {};
  if (typeof exp === "number" && now !== undefined && exp + CLOCK_SKEW_S < now) {
    return refusal(`its token has expired at ${timeOf(exp)}`, provider);
  }
  if (typeof nbf === "number" && now !== undefined && nbf - CLOCK_SKEW_S > now) {
    return refusal(`its token is not good before ${timeOf(nbf)}`, provider);
  }
  if (!isForAudience(provider.audiences ?? [], aud)) {
    const wanted = (provider.audiences ?? []).join(", ");
    return refusal(`its token is for none of the audiences ${wanted}`, provider, FORBIDDEN);
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
): AcceptedToken | Refusal {
  const { localJwks, remoteJwks } = provider;
  const good: AcceptedToken = { token, provider };
  const keySet = localJwks?.inlineString;
  if (keySet !== undefined) {
    const reason = "its token is signed by no key of its issuer";
    return judge?.isSignedBy(token, keySet) === false ? refusal(reason, provider) : good;
  }
  const uri = remoteJwks?.httpUri?.uri ?? "a file";
  return { ...good, condition: `a key of ${uri} has signed its token` };
}
