import Type from "typebox";
import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { plainHeaderNameProblem } from "../format/http-headers.js";
import { checkedByIstio } from "../istio-resource.js";
import {
  Duration,
  Flag,
  list,
  NonEmptyText,
  oneOf,
  optional,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { atMostOne, each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { checkDuration } from "../value/numbers.js";
import {
  checkPolicyTargets,
  PolicySelector,
  PolicyTargetReference,
  PolicyTargetReferences,
  readableTargets,
} from "../value/selectors.js";
import { jwksProblem, jwksUriProblem } from "./jwks.js";

/** A header that carries a token behind a prefix. */
export type JWTHeader = ValueOf<typeof JWTHeader>;
const JWTHeader = strict({ name: NonEmptyText, prefix: optional(Text) });

/** A claim that is copied into a request header. */
export type ClaimToHeader = ValueOf<typeof ClaimToHeader>;
const ClaimToHeader = strict({ header: Text, claim: Text });

const JwksUri = Type.String({ minLength: 1, maxLength: 2048 });

/** How the tokens of one issuer are found and checked (Istio's JWTRule). */
export type JWTRule = ValueOf<typeof JWTRule>;
const JWTRule = strict({
  issuer: optional(NonEmptyText),
  audiences: optional(list(NonEmptyText)),
  jwksUri: optional(JwksUri),
  /** Deprecated: the older spelling of `jwksUri`. */
  jwks_uri: optional(JwksUri),
  jwks: optional(Text),
  fromHeaders: optional(list(JWTHeader)),
  fromParams: optional(list(NonEmptyText)),
  fromCookies: optional(list(NonEmptyText)),
  outputPayloadToHeader: optional(Text),
  forwardOriginalToken: optional(Flag),
  outputClaimToHeaders: optional(list(ClaimToHeader)),
  timeout: optional(Duration),
  spaceDelimitedClaims: optional(list(NonEmptyText, 64)),
  /** Whether a request has to have a token of this issuer, since Istio 1.31. */
  presence: optional(oneOf("UNSPECIFIED", "OPTIONAL", "REQUIRED")),
});

/** Which tokens of requests to some workloads are checked. */
export type RequestAuthenticationSpec = ValueOf<typeof RequestAuthenticationSpec>;
export const RequestAuthenticationSpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  jwtRules: optional(list(JWTRule, 4096)),
});

/** Istio's RequestAuthentication. */
export const requestAuthentication = {
  kind: "RequestAuthentication",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  shortNames: ["ra"],
  body: "spec",
  schema: RequestAuthenticationSpec,
  whenWrong: {
    spec: takeNoToken,
    effect: "it refuses every request to the workloads that it is for",
  },
  check: checkedByIstio(checkRequestAuthentication),
} as const satisfies KindDefinition<RequestAuthenticationSpec>;

/**
 * One with errors may require a token, or say which headers nobody may write who has none: without it requests would pass that it
 * is there to refuse. So a token is required, of an issuer that has no keys, and thus no tokens.
 */
function takeNoToken({ spec }: ConfigResource): RequestAuthenticationSpec {
  const jwtRules = [
    { issuer: "nobody.invalid", jwks: '{"keys":[]}', presence: "REQUIRED" },
  ] as const;
  return { ...readableTargets(spec), jwtRules };
}

function* checkRequestAuthentication(
  resource: ConfigResource<RequestAuthenticationSpec>,
): Findings {
  const { spec } = resource;
  yield* checkPolicyTargets(spec, ["spec"]);
  yield* each(spec.jwtRules, ["spec", "jwtRules"], checkJwtRule);
}

function* checkJwtRule(rule: JWTRule, path: Path): Findings {
  const { issuer = "", jwksUri = rule.jwks_uri ?? "", jwks = "" } = rule;
  if (issuer + jwksUri === "") {
    yield invalid([...path, "issuer"], "a rule needs the issuer of the tokens, or their jwksUri");
  }
  yield* atMostOne(rule, path, ["jwksUri", "jwks_uri", "jwks"]);
  yield* refuse([...path, "jwksUri"], jwksUri === "" ? undefined : jwksUriProblem(jwksUri));
  yield* refuse([...path, "jwks"], jwks === "" ? undefined : jwksProblem(jwks));
  yield* each(rule.outputClaimToHeaders, [...path, "outputClaimToHeaders"], function* (claim, at) {
    if (claim.claim === "") yield invalid([...at, "claim"], "the name of a claim cannot be empty");
    yield* refuse([...at, "header"], plainHeaderNameProblem(claim.header));
  });
  yield* given(rule.timeout, [...path, "timeout"], checkDuration);
}
