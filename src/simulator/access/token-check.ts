/** What Envoy's JWT filter says to a request. See Envoy, extensions.filters.http.jwt_authn.v3. */

import { memberOf } from "../../base/member-of.js";
import type { JwtProviderJson, JwtRequirementJson } from "../../envoy/api.js";
import type { HttpRequest } from "../call.js";
import { isPreflight } from "../preflight.js";
import { withClaimHeaders, withoutClaimHeaders } from "./claim-headers.js";
import type { TokenJudge } from "./token.js";
import { type FoundToken, findTokens, withoutToken } from "./token-place.js";
import {
  type AcceptedToken,
  judgeToken,
  NO_TOKEN,
  type Refusal,
  UNKNOWN_ISSUER,
} from "./token-verdict.js";

/** The filter's configuration. */
export interface JwtConfig {
  readonly providers?: Readonly<Record<string, JwtProviderJson>>;
  readonly rules?: readonly { readonly requires?: JwtRequirementJson }[];
  readonly bypassCorsPreflight?: boolean;
}

/** What came of the tokens of a request. */
export interface TokenOutcome {
  /** As the filter leaves it: with the headers that are set for good tokens, without those tokens and what is forged. */
  readonly request: HttpRequest;
  /** In the order in which they were checked. One that nobody needed to check any more is not among them. */
  readonly accepted: readonly AcceptedToken[];
  /** Absent when the request is let through. */
  readonly refusal?: Refusal;
}

/** A request, and who judges its tokens; without one they are taken to be of their time, and signed. */
export interface Presented {
  readonly request: HttpRequest;
  readonly judge: TokenJudge | undefined;
}

/** What the filter says, and does to the request. */
export function checkTokens(config: JwtConfig, { request, judge }: Presented): TokenOutcome {
  const { providers = {}, rules = [], bypassCorsPreflight = false } = config;
  // There is no token with the question of a browser.
  if (bypassCorsPreflight && isPreflight(request)) {
    return { request: Object.values(providers).reduce(withoutClaimHeaders, request), accepted: [] };
  }
  const untouched: Progress = { request, accepted: [], status: "fulfilled" };
  const { status, ...progress } = fulfil(rules[0]?.requires ?? {}, untouched, { providers, judge });
  if (status === "fulfilled") return progress;
  return { ...progress, refusal: status === "missing" ? NO_TOKEN : status };
}

/** How far a request has come, and what the last requirement said to it. */
interface Progress extends Pick<TokenOutcome, "request" | "accepted"> {
  readonly status: "fulfilled" | "missing" | Refusal;
}

interface Context {
  readonly providers: Readonly<Record<string, JwtProviderJson>>;
  readonly judge: TokenJudge | undefined;
}

/** Asks a requirement; one that asks for nothing is fulfilled. What it changes stays, even when it is not fulfilled. */
function fulfil(requirement: JwtRequirementJson, before: Progress, context: Context): Progress {
  const { providerName, requiresAny, requiresAll, allowMissing } = requirement;
  if (providerName !== undefined) {
    const provider = memberOf(context.providers, providerName);
    return verify(provider === undefined ? [] : [provider], before, context);
  }
  if (allowMissing !== undefined) return verifyAll(before, context);
  if (requiresAll !== undefined) return all(requiresAll.requirements ?? [], before, context);
  if (requiresAny !== undefined) return any(requiresAny.requirements ?? [], before, context);
  return { ...before, status: "fulfilled" };
}

/** One after the other, up to the first that is not fulfilled. */
function all(
  requirements: readonly JwtRequirementJson[],
  before: Progress,
  context: Context,
): Progress {
  return requirements.reduce<Progress>(
    (at, one) => (at.status === "fulfilled" ? fulfil(one, at, context) : at),
    { ...before, status: "fulfilled" },
  );
}

/**
 * One after the other, up to the first that is fulfilled. Beside others, `allowMissing` looks for no tokens of its own: it
 * only says what becomes of a request in which nobody has found any. See Envoy, JwtRequirementOrList.
 */
function any(
  requirements: readonly JwtRequirementJson[],
  before: Progress,
  context: Context,
): Progress {
  const asked = requirements.filter(({ allowMissing }) => allowMissing === undefined);
  const isOptional = asked.length < requirements.length;
  if (asked.length === 0 && isOptional) return verifyAll(before, context);
  const { status, ...progress } = asked.reduce<Progress>(
    (at, one) => {
      if (at.status === "fulfilled") return at;
      const next = fulfil(one, at, context);
      return { ...next, status: moreTelling(at.status, next.status) };
    },
    { ...before, status: "missing" },
  );
  return { ...progress, status: status === "missing" && isOptional ? "fulfilled" : status };
}

/** Which of two a client is told: the last that says more than that there is no token, or none of an issuer. */
function moreTelling(before: Progress["status"], next: Progress["status"]): Progress["status"] {
  const saysLittle = next === "missing" || next === UNKNOWN_ISSUER;
  return saysLittle && before !== "missing" ? before : next;
}

/** Checks the tokens of some providers, the last first; none is looked at behind a bad one. */
function verify(
  providers: readonly JwtProviderJson[],
  before: Progress,
  { judge }: Context,
): Progress {
  const request = providers.reduce(withoutClaimHeaders, before.request);
  return findTokens(providers, request).reduceRight<Progress>(
    (at, found) =>
      typeof at.status === "object" ? at : judged(at, found, judgeToken(found, providers, judge)),
    { ...before, request, status: "missing" },
  );
}

/** Checks the tokens of all providers. Here Envoy looks behind bad ones too, and only the last that it looks at counts. */
function verifyAll(before: Progress, { providers, judge }: Context): Progress {
  const everyone = Object.values(providers);
  const request = everyone.reduce(withoutClaimHeaders, before.request);
  return findTokens(everyone, request).reduceRight<Progress>(
    (at, found) => judged(at, found, judgeToken(found, everyone, judge)),
    { ...before, request, status: "fulfilled" },
  );
}

function judged(
  { request, accepted }: Progress,
  found: FoundToken,
  verdict: AcceptedToken | Refusal,
): Progress {
  if ("status" in verdict) return { request, accepted, status: verdict };
  const { provider, token } = verdict;
  const told = withClaimHeaders(request, provider, token);
  return {
    request: provider.forward === true ? told : withoutToken(told, found),
    accepted: [...accepted, verdict],
    status: "fulfilled",
  };
}

/** What good tokens say, as the filter leaves it to those behind it. Of several at one key the last counts. */
export function payloadsOf(accepted: readonly AcceptedToken[]): Readonly<Record<string, unknown>> {
  const payloads = accepted.map(({ token, provider }) => {
    return [provider.payloadInMetadata ?? "", payloadOf(token.claims, provider)] as const;
  });
  return Object.fromEntries(payloads);
}

function payloadOf(
  claims: AcceptedToken["token"]["claims"],
  { normalizePayloadInMetadata }: JwtProviderJson,
): Readonly<Record<string, unknown>> {
  const lists = new Set(normalizePayloadInMetadata?.spaceDelimitedClaims ?? []);
  const valueOf = (name: string, value: unknown): unknown =>
    lists.has(name) && typeof value === "string" ? value.split(" ") : value;
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, valueOf(name, value)] as const),
  );
}
