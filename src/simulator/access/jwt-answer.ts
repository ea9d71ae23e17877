/** What a filter of tokens says of a request, in the words of `FilterVerdict`. */
import type { JwtProviderJson } from "../../envoy/api.js";
import { JWT_FILTER } from "../../envoy/authorization/jwt-claims.js";
import { claimHeaders } from "./claim-headers.js";
import type { FilterAnswer, FilterVerdict } from "./filter-answer.js";
import type { Examined } from "./rbac.js";
import { checkTokens, type JwtConfig, payloadsOf } from "./token-check.js";
import type { AcceptedToken } from "./token-verdict.js";

/** What the filter says; nothing of bytes that are no request. */
export function jwtAnswer(config: JwtConfig, { call }: Examined): FilterAnswer {
  if (call.request === undefined) return {};
  const { request, accepted, refusal } = checkTokens(config, {
    request: call.request,
    judge: call.judge,
  });
  const filter = "authentication";
  if (refusal !== undefined) {
    const { status, reason, provider } = refusal;
    const issuers = issuersOf(provider === undefined ? [] : [provider]);
    return { verdict: { filter, isAllowed: false, status, reason, ...issuers } };
  }
  if (accepted.length === 0) {
    const reason = "it has no token, and none is required";
    return { verdict: { filter, isAllowed: true, reason }, request };
  }
  const conditions = accepted.flatMap(({ condition }) => condition ?? []);
  const condition = conditions.length === 0 ? {} : { condition: conditions.join(", and ") };
  const providers = accepted.map(({ provider }) => provider);
  const reason = reasonOf(accepted);
  return {
    verdict: { filter, isAllowed: true, reason, ...issuersOf(providers), ...condition },
    metadata: { [JWT_FILTER]: payloadsOf(accepted) },
    request,
    clearsRoute: providers.some(({ clearRouteCache }) => clearRouteCache === true),
  };
}

/** Which tokens are good, and which headers tell what they say. */
function reasonOf(accepted: readonly AcceptedToken[]): string {
  const reasons = accepted.map(({ token, provider }) => {
    const names = claimHeaders(provider, token).map(([name]) => name);
    const told = names.length === 0 ? "" : `, and told in ${names.join(", ")}`;
    return `its token of ${provider.issuer ?? "any issuer"} is good${told}`;
  });
  return reasons.join("; ");
}

function issuersOf(providers: readonly JwtProviderJson[]): Pick<FilterVerdict, "issuers"> {
  const issuers = providers.flatMap(({ issuer }) => issuer ?? []);
  return issuers.length === 0 ? {} : { issuers };
}
