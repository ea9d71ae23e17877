/** What a validated token says, where the JWT filter leaves it: in the request's metadata. */
import type { MetadataMatcherJson, ValueMatcherJson } from "../api.js";

/** The filter's name, under which it leaves the claims, and the member that they are in. */
export const JWT_FILTER = "envoy.filters.http.jwt_authn";
export const JWT_PAYLOAD = "payload";

/** A claim that has such a value; `claim` is the path to it. */
export function claimMatcher(
  claim: readonly string[],
  value: ValueMatcherJson,
): MetadataMatcherJson {
  const path = [JWT_PAYLOAD, ...claim].map((key) => ({ key }));
  return { filter: JWT_FILTER, path, value };
}

/** A claim that is such a value, or a list with one. */
export function claimOrMemberMatcher(
  claim: readonly string[],
  value: ValueMatcherJson,
): MetadataMatcherJson {
  return claimMatcher(claim, {
    orMatch: { valueMatchers: [{ listMatch: { oneOf: value } }, value] },
  });
}

/** Any of some values. */
export function anyValue(values: readonly ValueMatcherJson[]): ValueMatcherJson {
  const [only] = values;
  return values.length === 1 && only !== undefined
    ? only
    : { orMatch: { valueMatchers: [...values] } };
}

const ROUTING_CLAIM = /^@request\.auth\.claims(?:\.(.+)|\[(.+)\])$/is;

/**
 * The claim that a header's name stands for in a route: `@request.auth.claims.a.b`, or `@request.auth.claims[a][b]`.
 * Undefined for the names of headers. See Istio, jwt.ToRoutingClaim.
 */
export function routingClaim(header: string): readonly string[] | undefined {
  const [, dotted, bracketed] = ROUTING_CLAIM.exec(header) ?? [];
  return dotted?.split(".") ?? bracketed?.split("][");
}

/** `[a][b]` as the path to claim `b` of claim `a`; undefined when it is not of this form. */
export function bracketedClaim(text: string): readonly string[] | undefined {
  if (/^(\[[^[\]]+\])+$/.test(text)) return text.slice(1, -1).split("][");
  const whole = /^\[(.+)\]$/s.exec(text)?.[1];
  return whole === undefined ? undefined : [whole];
}
