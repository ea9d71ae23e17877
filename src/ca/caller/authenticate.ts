/** Finds out who calls: by the certificate of the connection, else by a join token or the token of an issuer. */
import { status } from "../../grpc/status-code.js";
import type { Authority } from "../authority/authority.js";
import { CertificateError } from "../ca-error.js";
import { readCertificate } from "../certificate/x509.js";
import { parseSpiffeId } from "../spiffe-id.js";
import { isJwt, type JwtOutcome, type JwtRefusal, type VerifyJwt } from "../token/jwt-verifier.js";
import { consumeToken, type TokenRefusal, type TokenStore } from "../token/token-store.js";
import type { GuessLimit } from "./guess-limit.js";
import { type Proof, proved } from "./proof.js";

/** What a call brings along. */
export interface Presented {
  /** Of the port on which it came. */
  readonly transport: "tls" | "plaintext";
  /** The values of the `authorization` header. */
  readonly authorization: readonly string[];
  /** DER of the client's certificate, if TLS verified its chain up to one of our roots; else undefined. */
  readonly peerCertificate: Buffer | undefined;
  /** The peer's IP address, without the port. */
  readonly peerAddress: string;
}

/** Why a call was refused. For the log. */
export type RefusalReason =
  | "no-credential"
  | "unknown-scheme"
  | "too-many-guesses"
  | "token-store"
  | `token-${TokenRefusal}`
  | `jwt-${JwtRefusal}`
  | `certificate-${"unreadable" | "authority" | "usage" | "name" | "trust-domain" | "expired" | "revoked"}`;

/** A call that is not answered. */
export interface Refusal {
  readonly code: typeof status.UNAUTHENTICATED;
  /** For the peer: what its operator can do; the same for every token that is not taken. */
  readonly message: string;
  /** For our log. */
  readonly reason: RefusalReason;
  /** For our log: what exactly it was; never a secret. */
  readonly detail: string;
}

/** What came out. On the plaintext port nobody is anyone. */
export type Authentication =
  | { readonly kind: "anonymous" }
  | { readonly kind: "proved"; readonly proof: Proof }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What is needed to know a peer. */
export interface AuthenticatorOptions {
  readonly authority: Pick<Authority, "trustDomain" | "workloadTtlMs">;
  /** Former names of the trust domain: a certificate of theirs that our roots signed is as good as one of ours. */
  readonly trustDomainAliases?: readonly string[];
  /** Whether a certificate of this serial number is worthless by now; none is when absent. */
  readonly revoked?: (serialNumber: string) => boolean;
  readonly tokens: TokenStore;
  /** Of the issuers that are known; without one, no JSON Web Token is taken. */
  readonly verifyJwt?: VerifyJwt;
  readonly guesses: GuessLimit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Finds out who makes a call. A use of a join token is taken by this. */
export type Authenticate = (presented: Presented) => Promise<Authentication>;

const BEARER = /^bearer +(\S+)$/i;
const MAX_HEADER_LENGTH = 16 * 1024;
const HOW_TO_JOIN =
  "make a join token with 'fairlead token create' and give it to the proxy's bootstrap";
/** What only the bearer of a rightly signed token is told. */
const HOW_TO_PROVE: Partial<Record<JwtRefusal, string>> = {
  expired: "it has expired; give the proxy a fresh one",
  claims: "its audience or time is not one that is taken here",
  subject: "its subject names no service account of this mesh",
  namespace: "its issuer may not name workloads of that namespace",
  keys: "the keys of its issuer cannot be had; try again",
};

/** An authenticator of an authority's proxies. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  return async (presented) => {
    if (presented.transport === "plaintext") return { kind: "anonymous" };
    // The certificate first: a proxy that comes back still sends the token that it joined by.
    if (presented.peerCertificate !== undefined) {
      const byCertificate = certificateProof(presented.peerCertificate, options);
      if (byCertificate.kind === "proved" || presented.authorization.length === 0) {
        return byCertificate;
      }
    }
    return tokenProof(presented, options);
  };
}

function certificateProof(
  der: Buffer,
  {
    authority,
    trustDomainAliases = [],
    revoked,
    now,
  }: Pick<AuthenticatorOptions, "authority" | "trustDomainAliases" | "revoked" | "now">,
): Authentication {
  const content = readPeerCertificate(der);
  if (content === undefined) {
    return refusedCertificate("certificate-unreadable", "it cannot be read");
  }
  const { serialNumber, notBefore, notAfter, extendedKeyUsages, subjectAltNames, labels } = content;
  const [name] = subjectAltNames;
  if (content.authority !== undefined) {
    return refusedCertificate("certificate-authority", `${serialNumber} is that of an authority`);
  }
  if (!extendedKeyUsages.includes("clientAuth")) {
    return refusedCertificate("certificate-usage", `${serialNumber} is not for clients`);
  }
  // SPIFFE X509-SVID, section 2: exactly one URI. Ours have no other names beside it either.
  const identity = subjectAltNames.length === 1 && name?.type === "uri" ? name.value : "";
  const parsed = parseSpiffeId(identity);
  if (parsed === undefined) {
    return refusedCertificate("certificate-name", `${serialNumber} names no workload`);
  }
  const { trustDomain } = authority;
  if (![trustDomain, ...trustDomainAliases].includes(parsed.trustDomain)) {
    return refusedCertificate("certificate-trust-domain", `${identity} is of another trust domain`);
  }
  // TLS looked at it when the connection was made, which may be long ago.
  if (now() < notBefore || now() >= notAfter) {
    const ended = new Date(notAfter).toISOString();
    return refusedCertificate("certificate-expired", `${serialNumber} of ${identity}: ${ended}`);
  }
  if (revoked?.(serialNumber) === true) {
    return refusedCertificate("certificate-revoked", `${serialNumber} of ${identity}`);
  }
  const subject = { ...parsed, trustDomain, ...(labels === undefined ? {} : { labels }) };
  const proof = { ...subject, method: "certificate", expiresAt: notAfter } as const;
  return { kind: "proved", proof: proved({ ...proof, evidence: serialNumber }) };
}

function readPeerCertificate(der: Buffer): ReturnType<typeof readCertificate> | undefined {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

async function tokenProof(
  { authorization, peerAddress }: Presented,
  options: AuthenticatorOptions,
): Promise<Authentication> {
  const [header] = authorization;
  if (header === undefined) {
    return refused(
      "no-credential",
      "neither certificate nor token",
      `no credential: ${HOW_TO_JOIN}`,
    );
  }
  const token = header.length > MAX_HEADER_LENGTH ? undefined : BEARER.exec(header)?.[1];
  if (token === undefined || authorization.length > 1) {
    const message = `the authorization header is not one "Bearer TOKEN": ${HOW_TO_JOIN}`;
    return refused("unknown-scheme", `${authorization.length} header values`, message);
  }
  if (!options.guesses.allows(peerAddress)) {
    return refusedToken("too-many-guesses", `from ${peerAddress}`);
  }
  const { verifyJwt } = options;
  return verifyJwt !== undefined && isJwt(token)
    ? jwtProof(await verifyJwt(token), peerAddress, options)
    : joinTokenProof(token, peerAddress, options);
}

async function joinTokenProof(
  token: string,
  peerAddress: string,
  { authority, tokens, guesses, now }: AuthenticatorOptions,
): Promise<Authentication> {
  try {
    const use = await consumeToken(tokens, token);
    if ("refused" in use) {
      if (isGuess(use.refused)) guesses.recordMiss(peerAddress);
      return refusedToken(`token-${use.refused}`, `from ${peerAddress}`);
    }
    const { id, namespace, serviceAccount, labels } = use.token;
    const { trustDomain, workloadTtlMs } = authority;
    const limits = labels === undefined ? {} : { labels };
    const identity = { trustDomain, namespace, serviceAccount, ...limits };
    // The proxy gets a certificate of that life; by the time it is renewed it can come back by it.
    const proof = { ...identity, method: "token", expiresAt: now() + workloadTtlMs } as const;
    return { kind: "proved", proof: proved({ ...proof, evidence: id }) };
  } catch (error) {
    return refusedToken("token-store", error instanceof Error ? error.message : "unknown error");
  }
}

function jwtProof(
  outcome: JwtOutcome,
  peerAddress: string,
  { guesses }: AuthenticatorOptions,
): Authentication {
  if ("refused" in outcome) {
    const { refused: reason, detail } = outcome;
    if (isForgery(reason)) guesses.recordMiss(peerAddress);
    const message = `the JSON Web Token is not taken: ${HOW_TO_PROVE[reason] ?? HOW_TO_JOIN}`;
    return refused(`jwt-${reason}`, `${detail}, from ${peerAddress}`, message);
  }
  const { identity, expiresAt, evidence } = outcome;
  return {
    kind: "proved",
    proof: proved({ ...identity, method: "jwt", expiresAt, evidence }),
  };
}

/** Whose secret is right guessed nothing: a proxy whose token is used up may knock as often as it likes. */
function isGuess(refused: TokenRefusal): boolean {
  return refused === "malformed" || refused === "unknown" || refused === "wrong-secret";
}

/** Such a token was made up; one that is merely old or for someone else is its issuer's own. */
function isForgery(refused: JwtRefusal): boolean {
  return refused === "malformed" || refused === "issuer" || refused === "signature";
}

function refusedToken(reason: RefusalReason, detail: string): Authentication {
  const message = `the join token is not taken (unknown, used up or expired): ${HOW_TO_JOIN}`;
  return refused(reason, detail, message);
}

function refusedCertificate(reason: RefusalReason, detail: string): Authentication {
  return refused(reason, detail, `the client certificate is not taken: ${HOW_TO_JOIN}`);
}

function refused(reason: RefusalReason, detail: string, message: string): Authentication {
  return { kind: "refused", refusal: { code: status.UNAUTHENTICATED, message, reason, detail } };
}
