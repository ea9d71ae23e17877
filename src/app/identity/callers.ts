/** How callers of the control plane are known: proxies and agents, and other control planes of the mesh. */
import type { Authority } from "../../ca/authority/authority.js";
import { type Authenticate, createAuthenticator } from "../../ca/caller/authenticate.js";
import { createGuessLimit } from "../../ca/caller/guess-limit.js";
import {
  type ControlPlaneCheck,
  checkControlPlane,
} from "../../ca/issue/control-plane-identity.js";
import { createJwtVerifier } from "../../ca/token/jwt-verifier.js";
import type { TokenStore } from "../../ca/token/token-store.js";
import type { FollowedTrust } from "./given-trust.js";
import type { IdentityOptions } from "./identity-options.js";
import { readJwtIssuers } from "./jwt-issuers.js";

/** What callers are checked against. */
export interface CallerChecks {
  readonly authority: Authority;
  readonly tokens: TokenStore;
  readonly trust: FollowedTrust;
}

/** Whether a certificate, which TLS verified, is that of a control plane of this mesh. */
export type IsControlPlane = (certificate: Buffer | undefined) => ControlPlaneCheck;

/**
 * Lets proxies in by join tokens, by JSON Web Tokens of the issuers of a file, and by certificates of the authority.
 * @throws AppError when the file of issuers is wrong
 */
export async function openAuthenticator(
  { trustDomain, trustDomainAliases, jwtIssuersFile, clock: { now } }: IdentityOptions,
  { authority, tokens, trust }: CallerChecks,
): Promise<Authenticate> {
  const issuers = jwtIssuersFile === undefined ? [] : await readJwtIssuers(jwtIssuersFile);
  return createAuthenticator({
    authority,
    trustDomainAliases,
    tokens,
    revoked: isRevokedBy(trust),
    ...(issuers.length > 0 && { verifyJwt: createJwtVerifier(issuers, { trustDomain, now }) }),
    guesses: createGuessLimit({ now }),
    now,
  });
}

/** The check of other control planes, whose certificates are of the same authority. */
export const controlPlaneCheck =
  (
    { trustDomainAliases, clock }: IdentityOptions,
    { authority, trust }: Pick<CallerChecks, "authority" | "trust">,
  ): IsControlPlane =>
  (certificate) =>
    checkControlPlane(certificate, {
      ...{ authority, trustDomainAliases, now: clock.now },
      revoked: isRevokedBy(trust),
    });

/** By the lists that are in force when it is asked. */
export const isRevokedBy =
  (trust: Pick<FollowedTrust, "given">) =>
  (serialNumber: string): boolean =>
    trust.given().revocations.revokes(serialNumber);
