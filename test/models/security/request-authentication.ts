/** Whose tokens a workload takes. See Istio, RequestAuthentication and JWTRule. */
import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import type { ArrivingRequest } from "./arrival.js";
import type { JwtRule } from "./objects.js";

/** What a good token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** What comes of a request's token. */
export type TokenDecision = { readonly claims?: Claims } | "invalid";

/**
 * "It will reject a request if the request contains invalid authentication information. A request that does not contain any
 * authentication credentials will be accepted but will not have any authenticated identity."
 */
export function authenticate(
  rules: readonly JwtRule[],
  request: ArrivingRequest,
  now: number,
): TokenDecision {
  const presented = rules.flatMap((rule) =>
    tokensAt(rule, request).map((text) => ({ rule, text })),
  );
  if (presented.length === 0) return {};
  for (const { rule, text } of presented) {
    const claims = validate(rule, text, now);
    if (claims !== undefined) return { claims };
  }
  return "invalid";
}

/** Where a rule looks: in the Authorization header and the parameter `access_token` when it says nothing else. */
function tokensAt(rule: JwtRule, { headers, path }: ArrivingRequest): readonly string[] {
  const { fromHeaders = [], fromParams = [], fromCookies = [] } = rule;
  const isSaid = fromHeaders.length + fromParams.length + fromCookies.length > 0;
  const ofHeaders = isSaid ? fromHeaders : [{ name: "authorization", prefix: "Bearer " }];
  const ofParams = isSaid ? fromParams : ["access_token"];
  const query = new URLSearchParams(/\?(.*)$/s.exec(path)?.[1]);
  const cookies = (headers["cookie"] ?? "").split("; ").map((cookie) => cookie.split("="));
  return [
    ...ofHeaders.flatMap(({ name, prefix = "" }) => {
      const value = headers[name.toLowerCase()];
      return value?.startsWith(prefix) === true ? value.slice(prefix.length) : [];
    }),
    ...ofParams.flatMap((name) => query.get(name) ?? []),
    ...cookies.flatMap(([name = "", value = ""]) => (fromCookies.includes(name) ? value : [])),
  ];
}

/** What a token says that is good by a rule. */
function validate(
  { issuer, audiences = [], jwks }: JwtRule,
  text: string,
  now: number,
): Claims | undefined {
  const claims = signedClaims(text, jwks);
  if (claims?.["iss"] !== issuer) return undefined;
  const { exp, nbf, aud } = claims as { exp?: number; nbf?: number; aud?: string | string[] };
  if ((exp !== undefined && exp < now) || (nbf !== undefined && nbf > now)) return undefined;
  const isMeant = [aud ?? []].flat().some((one) => audiences.includes(one));
  return audiences.length === 0 || isMeant ? claims : undefined;
}

function signedClaims(text: string, jwks: string): Claims | undefined {
  const [head = "", body = "", signature = ""] = text.split(".");
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly JsonWebKey[] };
  const isSigned = keys.some((key) =>
    verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      { key: createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    ),
  );
  return isSigned ? (JSON.parse(Buffer.from(body, "base64url").toString()) as Claims) : undefined;
}
