/** Takes JSON Web Tokens of known issuers as a proof of identity, those of Kubernetes' service accounts among them. */
import {
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import { parseSpiffeId, type WorkloadIdentity } from "../spiffe-id.js";
import { type ClaimedWorkload, claimedWorkload } from "./jwt-claims.js";
import { type JwtIssuer, JwtKeysError, keyFinder } from "./jwt-issuer.js";

/** Why a token was not taken. For the log; the peer is not told which. */
export type JwtRefusal =
  | "malformed"
  | "issuer"
  | "signature"
  | "expired"
  | "claims"
  | "subject"
  | "namespace"
  | "keys";

/** What came of a token. */
export type JwtOutcome =
  | {
      readonly identity: WorkloadIdentity;
      /** Milliseconds since 1970. */
      readonly expiresAt: number;
      /** By which the token is found again at its issuer. */
      readonly evidence: string;
    }
  | {
      readonly refused: JwtRefusal;
      /** What was wrong; has nothing of the token but its issuer and subject. */
      readonly detail: string;
    };

/** Takes a token or says why not. */
export type VerifyJwt = (token: string) => Promise<JwtOutcome>;

/** What a verifier needs beside its issuers. */
export interface JwtVerifierOptions {
  readonly trustDomain: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface KnownIssuer extends JwtIssuer {
  readonly find: JWTVerifyGetKey;
}

/** Signatures by a private key: whoever checks them could not have made them. */
const ALGORITHMS = [
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
];
/** See Kubernetes, "Service account tokens", and Istio's JwtAuthenticator. */
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a text has the form of a JSON Web Token. */
export function isJwt(text: string): boolean {
  return JWT.test(text);
}

/** A verifier of these issuers' tokens. */
export function createJwtVerifier(
  issuers: readonly JwtIssuer[],
  options: JwtVerifierOptions,
): VerifyJwt {
  const known = new Map(
    issuers.map((issuer): [string, KnownIssuer] => [
      issuer.issuer,
      { ...issuer, find: keyFinder(issuer.keys) },
    ]),
  );
  return async (token) => {
    const name = issuerOf(token);
    if (name === undefined) return refused("malformed", "it cannot be decoded");
    const issuer = known.get(name);
    if (issuer === undefined)
      return refused("issuer", `${limitedAscii(name)} is not among the issuers`);
    try {
      const payload = await verifiedPayload(token, issuer, {
        issuer: issuer.issuer,
        audience: [...issuer.audiences],
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        currentDate: new Date(options.now()),
      });
      return identityOf(payload, issuer, options);
    } catch (error) {
      return refusalOf(error, issuer);
    }
  };
}

/** Nothing of it is believed before the signature was checked with this issuer's keys. */
function issuerOf(token: string): string | undefined {
  try {
    const { iss }: { readonly iss?: unknown } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}

/** A token that names no key may be signed by any of those that go with its algorithm. */
async function verifiedPayload(
  token: string,
  { find }: KnownIssuer,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch(orOther);
      if (verified !== undefined) return verified.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Another key may have signed it; for any other reason it is refused, whoever has. */
function orOther(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

function identityOf(
  payload: JWTPayload,
  { issuer, namespaces, workload }: KnownIssuer,
  { trustDomain }: JwtVerifierOptions,
): JwtOutcome {
  const { exp = 0, jti } = payload;
  const { sub }: { readonly sub?: unknown } = payload;
  const subject = typeof sub === "string" ? sub : "";
  const identity =
    workload === undefined
      ? subjectIdentity(subject, trustDomain)
      : claimedWorkload(payload, workload, trustDomain);
  if ("unmet" in identity) return refused("subject", `${limitedAscii(subject)}: ${identity.unmet}`);
  if (namespaces !== undefined && !namespaces.includes(identity.namespace)) {
    return refused("namespace", `${issuer} may not name workloads of ${identity.namespace}`);
  }
  const evidence = limitedAscii(jti === undefined ? issuer : `${issuer} ${jti}`);
  return { identity, expiresAt: exp * 1000, evidence };
}

function subjectIdentity(subject: string, trustDomain: string): ClaimedWorkload {
  const account = SERVICE_ACCOUNT.exec(subject);
  const id =
    account === null
      ? subject
      : `spiffe://${trustDomain}/ns/${account[1] ?? ""}/sa/${account[2] ?? ""}`;
  const identity = parseSpiffeId(id);
  if (identity?.trustDomain === trustDomain) return identity;
  return {
    unmet: `it is neither system:serviceaccount:NAMESPACE:NAME nor a SPIFFE ID of ${trustDomain}`,
  };
}

/** It is no token, or one in whose header there is something that nobody here knows, and that must not be overlooked (`crit`). */
const FORM_ERRORS = [errors.JWTInvalid, errors.JWSInvalid, errors.JOSENotSupported] as const;

function refusalOf(error: unknown, { issuer }: KnownIssuer): JwtOutcome {
  if (error instanceof errors.JWTExpired) return refused("expired", `of ${issuer}`);
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refused("claims", `of ${issuer}: ${error.claim} is ${error.reason}`);
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSEAlgNotAllowed) {
    return refused("signature", `${issuer} has no key of that name and algorithm`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refused("signature", `not signed by the key of ${issuer}`);
  }
  if (FORM_ERRORS.some((one) => error instanceof one)) return refused("malformed", `of ${issuer}`);
  const reason = error instanceof JwtKeysError ? error.message : "its keys cannot be had";
  return refused("keys", `of ${issuer}: ${reason}`);
}

function refused(reason: JwtRefusal, detail: string): JwtOutcome {
  return { refused: reason, detail };
}
