/** Who is who: the authority, the ways in, and what proxies are given to prove themselves by. */
import { createFileRegistry, fromBinary, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { Clock } from "../../base/clock.js";
import { defined } from "../../base/defined.js";
import { type Authority, openAuthority } from "../../ca/authority/authority.js";
import type { Readiness } from "../../ca/authority/rotation.js";
import { saveStatus } from "../../ca/authority/rotation-status.js";
import { createBuckets } from "../../ca/buckets.js";
import { CertificateError, StateFileError } from "../../ca/ca-error.js";
import { type Authenticate, createAuthenticator } from "../../ca/caller/authenticate.js";
import { createGuessLimit } from "../../ca/caller/guess-limit.js";
import type { KeyType } from "../../ca/certificate/certificate-template.js";
import { certificatesOfPem } from "../../ca/certificate/pem.js";
import { readCertificate } from "../../ca/certificate/x509.js";
import {
  addCertificateService,
  CERTIFICATE_SERVICE,
  TOO_MANY_REQUESTS,
  UNREADABLE_REQUEST,
} from "../../ca/issue/certificate-service.js";
import {
  type ControlPlaneCheck,
  checkControlPlane,
} from "../../ca/issue/control-plane-identity.js";
import { type ServerTls, startServerTls } from "../../ca/issue/server-credentials.js";
import {
  createWorkloadSecrets,
  type Encode,
  type WorkloadSecrets,
} from "../../ca/issue/workload-secrets.js";
import { openWorkloadStore } from "../../ca/issue/workload-store.js";
import { formatSpiffeId, type WorkloadIdentity } from "../../ca/spiffe-id.js";
import { createJwtVerifier } from "../../ca/token/jwt-verifier.js";
import { openTokenStore, type TokenStore } from "../../ca/token/token-store.js";
import { type GivenTrust, givenTrustSource } from "../../ca/trust/given-trust.js";
import { peerValidation } from "../../ca/trust/peer-validation.js";
import { serviceDefinition } from "../../debug/grpc-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { type Closers, closeAll } from "../closers.js";
import { createListeners } from "../listeners.js";
import { createLimitedLog } from "../log/limited-log.js";
import { logError } from "../log/log-error.js";
import { readOwnDescriptors } from "../package-files.js";
import { type FollowedTrust, followGivenTrust } from "./given-trust.js";
import { readJwtIssuers } from "./jwt-issuers.js";
import { type RootRotationOptions, startRootRotation } from "./root-rotation.js";

/** What identities are kept and made with. */
export interface IdentityOptions {
  /** Keys and tokens; private to its owner. */
  readonly stateDir: string;
  readonly trustDomain: string;
  /** Former names of the trust domain. */
  readonly trustDomainAliases: readonly string[];
  /** How long workload certificates are valid, in milliseconds; a day when absent. */
  readonly workloadTtlMs?: number;
  /** Of the keys that are made for workloads; P-256 when absent. */
  readonly workloadKeyType?: KeyType;
  /** A directory with Istio's cacerts files; without one the state directory has a root of its own. */
  readonly cacertsDir?: string;
  /** A directory with the roots of other trust domains, whose workloads may call those of the mesh. */
  readonly trustBundlesDir?: string;
  /** A file of revocation lists of the mesh's certificates; Istio's `ca-crl.pem` of the cacerts files when absent. */
  readonly crlFile?: string;
  /** A file of issuers whose JSON Web Tokens let proxies in. */
  readonly jwtIssuersFile?: string;
  /** DNS names and addresses of the control plane, beside the usual ones. */
  readonly tlsNames?: readonly string[];
  readonly encode: Encode;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What became of somebody who wanted to be known, or of an agent's request for the certificate of its key. */
export type CertificateEvent = "certified" | "unauthenticated" | "unreadable" | "failed";

/** See the top of this file. */
export interface Identity {
  readonly authority: Authority;
  readonly tokens: TokenStore;
  readonly authenticate: Authenticate;
  /** Whether a certificate, which TLS verified, is that of a control plane of this mesh. */
  readonly isControlPlane: (certificate: Buffer | undefined) => ControlPlaneCheck;
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
  readonly refused: (reason: string, fields: Readonly<Record<string, unknown>>) => void;
  /**
   * TLS of the control plane's own.
   * @throws CertificateError
   */
  startTls(): Promise<ServerTls>;
  /**
   * Follows the authority's files, and rotates its root when it is asked to.
   * @param readiness how far the proxies are with what they have to trust
   */
  followAuthority(readiness: () => Readiness): void;
  /** Adds the services by which certificates are given out; for ports with TLS alone. */
  addServices(server: GrpcServer): void;
  /** Ends all renewals, and the rotation. */
  close(): Promise<void>;
}

/** Of files that somebody gives: a mistake in them is told by what is wrong, not by where it was found. */
const logMistake =
  (options: IdentityOptions, what: string) =>
  (error: unknown): void => {
    const isMistake = error instanceof CertificateError || error instanceof StateFileError;
    if (!isMistake) logError(options.logger, what)(error);
    else options.logger.error({ code: error.code }, `${error.message}; what was in force stays`);
  };

/** Counts and logs who was refused and why; a caller can be refused as often as it likes, the log's lines are limited. */
function refusals(
  { logger, clock }: Pick<IdentityOptions, "logger" | "clock">,
  tell: (event: CertificateEvent) => void,
): Identity["refused"] {
  const log = createLimitedLog({
    now: clock.now,
    write: (fields) => {
      logger.warn(fields, "refused a proxy");
    },
  });
  return (reason, fields) => {
    if (reason !== TOO_MANY_REQUESTS) {
      tell(reason === UNREADABLE_REQUEST ? "unreadable" : "unauthenticated");
    }
    log(reason, { reason, ...fields });
  };
}

/**
 * Opens what a state directory has; the root of a new one is made.
 * @throws AppError, StateFileError, CertificateError; nothing is followed then
 */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const closers: Closers = [];
  try {
    return await openAll(options, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openAll(options: IdentityOptions, closers: Closers): Promise<Identity> {
  const { stateDir, clock, logger } = options;
  const authority = await openAuthorityOf(options);
  const tokens = await openTokenStore(stateDir, clock.now);
  const givenTrust = createListeners<GivenTrust>();
  const trust = await followTrust(options, authority, givenTrust.tell);
  closers.push(trust.stop);
  const authenticate = await openWaysIn(options, authority, { tokens, trust });
  const certificates = serviceDefinition(await readApi(), CERTIFICATE_SERVICE);
  const secretsChange = createListeners<WorkloadIdentity>();
  const secrets = await openSecrets(options, authority, { trust, onChange: secretsChange.tell });
  closers.push(() => secrets.stop());
  const certificateEvents = createListeners<CertificateEvent>();
  const refused = refusals(options, certificateEvents.tell);
  const rootsChange = createListeners<readonly string[]>();
  secretsChange.add((identity) => {
    logger.debug({ identity: formatSpiffeId(identity) }, "secrets of a workload changed");
  });
  rootsChange.add(() => {
    secrets.trustChanged();
  });
  givenTrust.add(() => {
    secrets.trustChanged();
  });
  return {
    authority,
    tokens,
    authenticate,
    isControlPlane: controlPlaneCheck(options, authority, trust),
    secrets,
    refused,
    onSecretsChange: secretsChange.add,
    onCertificateEvent: certificateEvents.add,
    rootExpiresAt: () => {
      const roots = authority.status().current.flatMap(certificatesOfPem);
      return Math.min(...roots.map((root) => readCertificate(root).notAfter));
    },
    signingExpiresAt: () => authority.status().signing.notAfter,
    givenTrust: trust.given,
    onGivenTrust: givenTrust.add,
    startTls: async () => {
      const tls = await startTls(options, authority);
      rootsChange.add(tls.trust);
      closers.push(tls.stop);
      return tls;
    },
    followAuthority: (readiness) => {
      closers.push(follow(options, authority, { readiness, onRoots: rootsChange.tell }));
    },
    addServices: (server) => {
      const { tell } = certificateEvents;
      addCertificates(server, certificates, options, { authority, authenticate, refused, tell });
    },
    close: () => closeAll(closers),
  };
}

function openAuthorityOf(options: IdentityOptions): Promise<Authority> {
  const { stateDir, trustDomain, workloadTtlMs, workloadKeyType, cacertsDir } = options;
  return openAuthority({
    stateDirectory: stateDir,
    trustDomain,
    ...defined({ workloadTtlMs, workloadKeyType, cacertsDirectory: cacertsDir }),
    now: options.clock.now,
  });
}

function followTrust(
  options: IdentityOptions,
  authority: Authority,
  onChange: (given: GivenTrust) => void,
): Promise<FollowedTrust> {
  const { trustDomain, trustBundlesDir, crlFile, cacertsDir, logger } = options;
  const places = defined({
    bundlesDirectory: trustBundlesDir,
    revocationsFile: crlFile,
    cacertsDirectory: cacertsDir,
  });
  return followGivenTrust({
    source: givenTrustSource(places, trustDomain),
    authority,
    onChange: (given) => {
      const federated = given.bundles.map((bundle) => bundle.trustDomain);
      logger.info({ federated, revocations: given.revocations.pem !== "" }, "given trust changed");
      onChange(given);
    },
    onError: logMistake(options, "cannot follow whom to trust"),
    clock: options.clock,
  });
}

async function readApi(): Promise<Registry> {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, await readOwnDescriptors()));
}

async function openWaysIn(
  { trustDomain, trustDomainAliases, jwtIssuersFile, clock: { now } }: IdentityOptions,
  authority: Authority,
  { tokens, trust }: { readonly tokens: TokenStore; readonly trust: FollowedTrust },
): Promise<Authenticate> {
  const issuers = jwtIssuersFile === undefined ? [] : await readJwtIssuers(jwtIssuersFile);
  return createAuthenticator({
    authority,
    trustDomainAliases,
    tokens,
    revoked: (serialNumber) => trust.given().revocations.revokes(serialNumber),
    ...(issuers.length > 0 && { verifyJwt: createJwtVerifier(issuers, { trustDomain, now }) }),
    guesses: createGuessLimit({ now }),
    now,
  });
}

const controlPlaneCheck =
  (
    { trustDomainAliases, clock }: IdentityOptions,
    authority: Authority,
    trust: FollowedTrust,
  ): Identity["isControlPlane"] =>
  (certificate) =>
    checkControlPlane(certificate, {
      ...{ authority, trustDomainAliases, now: clock.now },
      revoked: (serialNumber) => trust.given().revocations.revokes(serialNumber),
    });

function startTls(options: IdentityOptions, authority: Authority): Promise<ServerTls> {
  const { tlsNames } = options;
  return startServerTls({
    authority,
    clock: options.clock,
    onError: logError(options.logger, "cannot renew the server's certificate"),
    ...(tlsNames === undefined ? {} : { names: tlsNames }),
  });
}

/** Follows the authority's files; the result ends that. */
function follow(
  options: IdentityOptions,
  authority: Authority,
  rotation: Pick<RootRotationOptions, "readiness" | "onRoots">,
): () => Promise<void> {
  return startRootRotation({
    ...rotation,
    authority,
    clock: options.clock,
    onStatus: (status) => {
      options.logger.info({ roots: status.roots, proxies: status.proxies }, "roots of the mesh");
      return saveStatus(options.stateDir, status);
    },
    onEnding: ({ subject, notAfter }) => {
      const ends = new Date(notAfter).toISOString();
      options.logger.warn({ subject, ends }, ENDING);
    },
    onError: logMistake(options, "cannot follow the authority"),
  });
}

/** What a service account of hundreds of replicas needs that start at once, and nobody notices who asks for no more. */
const CERTIFICATE_REQUESTS = { capacity: 500, refillPerSecond: 5, maxKeys: 10_000 };

const ENDING =
  "what signs the certificates of workloads ends soon, and all of them with it: give another in the files of --cacerts";

async function openSecrets(
  options: IdentityOptions,
  authority: Authority,
  {
    trust,
    onChange,
  }: {
    readonly trust: FollowedTrust;
    readonly onChange: (identity: WorkloadIdentity) => void;
  },
): Promise<WorkloadSecrets> {
  const { trustDomainAliases } = options;
  const revoked = (chain: string): boolean => isRevoked(chain, trust.given());
  const store = await openWorkloadStore({
    stateDirectory: options.stateDir,
    authority: {
      vouchesFor: (identity, chain) => authority.vouchesFor(identity, chain) && !revoked(chain),
    },
    now: options.clock.now,
    onError: logError(options.logger, "cannot keep a workload's certificate"),
  });
  return createWorkloadSecrets({
    authority,
    store,
    descriptions: createBuckets({ now: options.clock.now, ...CERTIFICATE_REQUESTS }),
    validation: () => peerValidation({ authority, trustDomainAliases, given: trust.given() }),
    revoked,
    encode: options.encode,
    clock: options.clock,
    onError: logError(options.logger, "cannot renew a workload's certificate"),
    onChange,
  });
}

function isRevoked(chain: string, { revocations }: GivenTrust): boolean {
  const [certificate] = certificatesOfPem(chain);
  return (
    certificate !== undefined && revocations.revokes(readCertificate(certificate).serialNumber)
  );
}

function addCertificates(
  server: GrpcServer,
  definition: ServiceDefinition,
  options: IdentityOptions,
  identity: Pick<Identity, "authority" | "authenticate" | "refused"> & {
    readonly tell: (event: CertificateEvent) => void;
  },
): void {
  addCertificateService(server, definition, {
    authority: identity.authority,
    authenticate: identity.authenticate,
    requests: createBuckets({ now: options.clock.now, ...CERTIFICATE_REQUESTS }),
    onRefused: identity.refused,
    onCertified: (proof, notAfter) => {
      identity.tell("certified");
      const { method, evidence } = proof;
      const until = new Date(notAfter).toISOString();
      options.logger.info(
        { identity: formatSpiffeId(proof), method, evidence, until },
        "certified a workload's key",
      );
    },
    onError: (error) => {
      identity.tell("failed");
      logError(options.logger, "cannot certify a workload's key")(error);
    },
  });
}
