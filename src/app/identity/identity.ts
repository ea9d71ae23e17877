/**
 * Who is who in the mesh: the certificate authority, the ways in which callers prove who they are, and the certificates that
 * proxies are given to prove it to each other.
 */
import type { ServiceDefinition } from "@grpc/grpc-js";
import { defined } from "../../base/defined.js";
import type { Authority } from "../../ca/authority/authority.js";
import type { Readiness } from "../../ca/authority/rotation.js";
import type { Authenticate } from "../../ca/caller/authenticate.js";
import type { ServerTls } from "../../ca/issue/server-credentials.js";
import type { WorkloadSecrets } from "../../ca/issue/workload-secrets.js";
import { formatSpiffeId, type WorkloadIdentity } from "../../ca/spiffe-id.js";
import { openTokenStore, type TokenStore } from "../../ca/token/token-store.js";
import { type GivenTrust, givenTrustSource } from "../../ca/trust/given-trust.js";
import type { GrpcServer } from "../../grpc/server.js";
import { type Closers, closeAll } from "../closers.js";
import { createListeners, type Listeners } from "../listeners.js";
import {
  controlPlaneCheck,
  type IsControlPlane,
  isRevokedBy,
  openAuthenticator,
} from "./callers.js";
import { type CertificateEvent, createOnRefused, type OnRefused } from "./certificate-events.js";
import { type FollowedTrust, followGivenTrust } from "./given-trust.js";
import type { IdentityOptions } from "./identity-options.js";
import { logMistake } from "./log-mistake.js";
import {
  openMeshAuthority,
  rootExpiry,
  startAuthorityRotation,
  startControlPlaneTls,
} from "./mesh-authority.js";
import { openSecrets } from "./open-secrets.js";
import { readCertificateService, serveCertificates } from "./serve-certificates.js";
import { createTrustedByAll, type TrustedByAll } from "./trusted-by-all.js";

/** See the top of this file. */
export interface Identity {
  readonly authority: Authority;
  /** The join tokens by which proxies come for the first time. */
  readonly tokens: TokenStore;
  readonly authenticate: Authenticate;
  /** Whether a certificate, which TLS verified, is that of a control plane of this mesh. */
  readonly isControlPlane: IsControlPlane;
  readonly secrets: WorkloadSecrets;
  /** Calls back when the secrets of a proxy are others than before. */
  onSecretsChange(listener: (identity: WorkloadIdentity) => void): void;
  /** Whom to trust beside the authority's own, and whom no more. */
  givenTrust(): GivenTrust;
  /** Calls back when that has changed. */
  onGivenTrust(listener: (given: GivenTrust) => void): void;
  /** Calls back for each. */
  onCertificateEvent(listener: (event: CertificateEvent) => void): void;
  /** When the root that signs now expires, in milliseconds since 1970. */
  rootExpiresAt(): number;
  /** When the first expires of what signs and what is between that and its root. */
  signingExpiresAt(): number;
  /** Told of a peer that was refused, with what is never a secret. */
  readonly refused: OnRefused;
  /**
   * TLS of the control plane's own.
   * @throws CertificateError
   */
  startTls(): Promise<ServerTls>;
  /**
   * Follows the authority's files, and rotates its root when it is asked to.
   * @param readiness how far the proxies are with what they have to trust, those of other control planes too
   * @param ownReadiness the same of those of this one alone
   */
  followAuthority(readiness: () => Readiness, ownReadiness: () => Readiness): void;
  /** Which roots all proxies of this control plane trust. */
  readonly trustedByAll: TrustedByAll;
  /** Adds the services by which certificates are given out; for ports with TLS alone. */
  addServices(server: GrpcServer): void;
  /** Ends all renewals, and the rotation. */
  close(): Promise<void>;
}

/** Those who are told of what changes, by what it is. */
interface Told {
  readonly givenTrust: Listeners<GivenTrust>;
  readonly secrets: Listeners<WorkloadIdentity>;
  readonly certificateEvents: Listeners<CertificateEvent>;
  readonly roots: Listeners<readonly string[]>;
}

/** What was opened. */
interface Opened {
  readonly authority: Authority;
  readonly tokens: TokenStore;
  readonly trust: FollowedTrust;
  readonly authenticate: Authenticate;
  readonly secrets: WorkloadSecrets;
  readonly certificateService: ServiceDefinition;
}

/**
 * Opens what a state directory has; the root of a new one is made.
 * @throws AppError, StateFileError, CertificateError; nothing is followed then
 */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const closers: Closers = [];
  const told: Told = {
    givenTrust: createListeners(),
    secrets: createListeners(),
    certificateEvents: createListeners(),
    roots: createListeners(),
  };
  try {
    const opened = await openAll(options, told, closers);
    tellEachOther(options, opened.secrets, told);
    return identityOf({ options, opened, told, closers });
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openAll(options: IdentityOptions, told: Told, closers: Closers): Promise<Opened> {
  const authority = await openMeshAuthority(options);
  const tokens = await openTokenStore(options.stateDir, options.clock.now);
  const trust = await followTrust(options, authority, told.givenTrust.tell);
  closers.push(trust.stop);
  const authenticate = await openAuthenticator(options, { authority, tokens, trust });
  const certificateService = await readCertificateService();
  const sources = { authority, trust, onChange: told.secrets.tell };
  const secrets = await openSecrets(options, sources);
  closers.push(() => secrets.stop());
  return { authority, tokens, trust, authenticate, secrets, certificateService };
}

/** Follows the roots of other trust domains, and the revocation lists of this one. */
function followTrust(
  { trustDomain, trustBundlesDir, crlFile, cacertsDir, clock, logger }: IdentityOptions,
  authority: Authority,
  onChange: (given: GivenTrust) => void,
): Promise<FollowedTrust> {
  const files = defined({
    bundlesDirectory: trustBundlesDir,
    revocationsFile: crlFile,
    cacertsDirectory: cacertsDir,
  });
  return followGivenTrust({
    source: givenTrustSource(files, trustDomain),
    authority,
    onChange: (given) => {
      const federated = given.bundles.map((bundle) => bundle.trustDomain);
      logger.info({ federated, revocations: given.revocations.pem !== "" }, "given trust changed");
      onChange(given);
    },
    onError: logMistake(logger, "cannot follow whom to trust"),
    clock,
  });
}

/** Whatever changes whom proxies have to trust changes their secrets. */
function tellEachOther({ logger }: IdentityOptions, secrets: WorkloadSecrets, told: Told): void {
  told.secrets.add((identity) => {
    logger.debug({ identity: formatSpiffeId(identity) }, "secrets of a workload changed");
  });
  told.roots.add(() => {
    secrets.trustChanged();
  });
  told.givenTrust.add(() => {
    secrets.trustChanged();
  });
}

function identityOf({
  options,
  opened: { authority, tokens, trust, authenticate, secrets, certificateService: definition },
  told,
  closers,
}: {
  readonly options: IdentityOptions;
  readonly opened: Opened;
  readonly told: Told;
  readonly closers: Closers;
}): Identity {
  const { clock, logger } = options;
  const { tell } = told.certificateEvents;
  const onRefused = createOnRefused(options, tell);
  const trustedByAll = createTrustedByAll();
  return {
    authority,
    tokens,
    authenticate,
    isControlPlane: controlPlaneCheck(options, { authority, trust }),
    secrets,
    refused: onRefused,
    onSecretsChange: told.secrets.add,
    onCertificateEvent: told.certificateEvents.add,
    rootExpiresAt: () => rootExpiry(authority),
    signingExpiresAt: () => authority.status().signing.notAfter,
    givenTrust: trust.given,
    onGivenTrust: told.givenTrust.add,
    startTls: async () => {
      const tls = await startControlPlaneTls(options, authority, isRevokedBy(trust));
      told.roots.add(tls.trust);
      told.givenTrust.add(tls.lookForRevoked);
      closers.push(tls.stop);
      return tls;
    },
    trustedByAll,
    followAuthority: (readiness, ownReadiness) => {
      const listeners = { onRoots: told.roots.tell, onTrusted: trustedByAll.set };
      const rotation = { authority, readiness, ownReadiness, ...listeners };
      closers.push(startAuthorityRotation(options, rotation));
    },
    addServices: (server) => {
      const certified = { definition, authority, authenticate, onRefused, tell };
      serveCertificates(server, { ...certified, clock, logger });
    },
    close: () => closeAll(closers),
  };
}
