import Type from "typebox";
import type { KindDefinition } from "../kind.js";
import {
  Duration,
  Flag,
  list,
  NonEmptyText,
  optional,
  strict,
  Text,
  type ValueOf,
} from "./fields.js";
import { PolicySelector, PolicyTargetReference, PolicyTargetReferences } from "./selectors.js";

/** A header that carries a token behind a prefix. */
export const JWTHeader = strict({ name: NonEmptyText, prefix: optional(Text) });
export type JWTHeader = ValueOf<typeof JWTHeader>;

/** A claim that is copied into a request header. */
export const ClaimToHeader = strict({ header: Text, claim: Text });
export type ClaimToHeader = ValueOf<typeof ClaimToHeader>;

/** How the tokens of one issuer are found and checked (Istio's JWTRule). */
export const JWTRule = strict({
  issuer: optional(Text),
  audiences: optional(list(Text)),
  jwksUri: optional(Text),
  /** Deprecated: the older spelling of `jwksUri`. */
  jwks_uri: optional(Text),
  jwks: optional(Text),
  fromHeaders: optional(list(JWTHeader)),
  fromParams: optional(list(Text)),
  fromCookies: optional(list(Text)),
  outputPayloadToHeader: optional(Text),
  forwardOriginalToken: optional(Flag),
  outputClaimToHeaders: optional(list(ClaimToHeader)),
  timeout: optional(Duration),
  spaceDelimitedClaims: optional(list(Text)),
});
export type JWTRule = ValueOf<typeof JWTRule>;

/** Which tokens of requests to some workloads are checked. */
export const RequestAuthenticationSpec = strict({
  selector: optional(PolicySelector),
  targetRef: optional(PolicyTargetReference),
  targetRefs: optional(PolicyTargetReferences),
  jwtRules: optional(Type.Array(JWTRule, { maxItems: 4096 })),
});
export type RequestAuthenticationSpec = ValueOf<typeof RequestAuthenticationSpec>;

/** Istio's RequestAuthentication. */
export const requestAuthentication = {
  kind: "RequestAuthentication",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  body: "spec",
  schema: RequestAuthenticationSpec,
} as const satisfies KindDefinition<RequestAuthenticationSpec>;
