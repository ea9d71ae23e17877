/** Checks the tokens of requests: Istio's RequestAuthentications as Envoy's JWT filter. */
import { defined } from "../../base/defined.js";
import { usableKeySet } from "../../config/kinds/security/jwks.js";
import type { JWTRule } from "../../config/kinds/security/request-authentication.js";
import type { ResourceOf } from "../../config/kinds.js";
import { any } from "../any.js";
import type { HttpFilterJson, JwtProviderJson, JwtRequirementJson } from "../api.js";
import { JWT_FILTER, JWT_PAYLOAD } from "../authorization/jwt-claims.js";
import { type KeyServer, keyServer } from "../cluster/key-server-cluster.js";
import { goDuration } from "../duration.js";
import { BLACK_HOLE_CLUSTER } from "../names.js";

/** What the filter depends on beside the rules. */
export interface JwtContext {
  /** The cluster by which keys are fetched. */
  readonly clusterOf: (server: KeyServer) => string;
  /** Whether routes are chosen by what tokens say, as gateways do. */
  readonly router: boolean;
}

/** Claims that are lists of words, whoever issues them. See Istio, buildSpaceDelimitedClaims. */
const SPACE_DELIMITED_CLAIMS = ["permission", "scope"];
const FETCH_TIMEOUT = "5s";
const KEYS_STAY = "300s";
const FETCH_AGAIN_AFTER = "5s";
/** Keys that nobody has, so that every token of the issuer is refused: Envoy takes no set without any. */
const KEYS_OF_NOBODY: Partial<JwtProviderJson> = {
  remoteJwks: {
    httpUri: { uri: "http://nobody.invalid/", cluster: BLACK_HOLE_CLUSTER, timeout: FETCH_TIMEOUT },
  },
};

/** The rules of some policies, by issuer. */
export function jwtRules(
  policies: readonly ResourceOf<"RequestAuthentication">[],
): readonly JWTRule[] {
  const rules = policies.flatMap(({ spec }) => spec.jwtRules ?? []);
  const issuer = ({ issuer: name = "" }: JWTRule): string => name;
  return rules.sort((a, b) => (issuer(a) < issuer(b) ? -1 : issuer(a) > issuer(b) ? 1 : 0));
}

/** Where the keys of a rule are fetched; undefined when it has them itself, or nobody says where. */
export function keyServerOf({ jwks, jwksUri, jwks_uri }: JWTRule): KeyServer | undefined {
  return jwks === undefined || jwks === "" ? keyServer(jwksUri ?? jwks_uri ?? "") : undefined;
}

function keys(rule: JWTRule, { clusterOf }: JwtContext): Partial<JwtProviderJson> {
  const server = keyServerOf(rule);
  if (server === undefined) {
    const inlineString = usableKeySet(rule.jwks ?? "");
    return inlineString === undefined ? KEYS_OF_NOBODY : { localJwks: { inlineString } };
  }
  return {
    remoteJwks: {
      httpUri: {
        uri: rule.jwksUri ?? rule.jwks_uri ?? "",
        cluster: clusterOf(server),
        timeout: goDuration(rule.timeout) ?? FETCH_TIMEOUT,
      },
      cacheDuration: KEYS_STAY,
      // The keys are there before the first token, and outlive their time while the server is away.
      asyncFetch: { fastListener: true, failedRefetchDuration: FETCH_AGAIN_AFTER },
    },
  };
}

function provider(rule: JWTRule, context: JwtContext): JwtProviderJson {
  const { fromHeaders = [], outputClaimToHeaders = [], spaceDelimitedClaims = [] } = rule;
  return {
    ...defined({
      issuer: rule.issuer,
      audiences: rule.audiences && [...rule.audiences],
      forward: rule.forwardOriginalToken,
      forwardPayloadHeader: rule.outputPayloadToHeader,
      fromParams: rule.fromParams && [...rule.fromParams],
      fromCookies: rule.fromCookies && [...rule.fromCookies],
    }),
    ...keys(rule, context),
    fromHeaders: fromHeaders.map(({ name, prefix }) => ({
      name,
      ...defined({ valuePrefix: prefix }),
    })),
    claimToHeaders: outputClaimToHeaders.map(({ header, claim }) => ({
      headerName: header,
      claimName: claim,
    })),
    payloadInMetadata: JWT_PAYLOAD,
    normalizePayloadInMetadata: {
      spaceDelimitedClaims: [
        ...new Set([...spaceDelimitedClaims, ...SPACE_DELIMITED_CLAIMS]),
      ].sort(),
    },
    ...(context.router ? { clearRouteCache: true } : {}),
  };
}

const anyOf = (requirements: readonly JwtRequirementJson[]): JwtRequirementJson => ({
  requiresAny: { requirements: [...requirements] },
});

/**
 * What a request has to fulfil: each token that it has is good, and those that are required are there. The same token may
 * stand where several issuers look for theirs, so that one good one is enough where no other issuer's is required. See
 * Istio, convertToEnvoyJwtConfig.
 */
function requirement(providers: ReadonlyMap<string, JWTRule>): JwtRequirementJson {
  const isRequired = (rule: JWTRule): boolean => rule.presence === "REQUIRED";
  const each = [...providers].map(([providerName, rule]) =>
    isRequired(rule) ? { providerName } : anyOf([{ providerName }, { allowMissing: {} }]),
  );
  const [only] = each;
  if (only !== undefined && each.length === 1) return only;
  const required = [...providers].filter(([, rule]) => isRequired(rule)).map(([name]) => name);
  const enough = [...providers.keys()].filter((name) => required.every((one) => one === name));
  return anyOf([
    ...enough.map((providerName) => ({ providerName })),
    { requiresAll: { requirements: each } },
  ]);
}

/** The filter for some rules; undefined without any. A request without a token passes unless its rule requires one. */
export function jwtAuthnFilter(
  rules: readonly JWTRule[],
  context: JwtContext,
): HttpFilterJson | undefined {
  if (rules.length === 0) return undefined;
  const named = new Map(rules.map((rule, i) => [`origins-${String(i)}`, rule] as const));
  const providers = [...named].map(([name, rule]) => [name, provider(rule, context)] as const);
  return {
    name: JWT_FILTER,
    typedConfig: any("envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
      providers: Object.fromEntries(providers),
      rules: [{ match: { prefix: "/" }, requires: requirement(named) }],
      bypassCorsPreflight: true,
    }),
  };
}
