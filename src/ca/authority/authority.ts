/** The certificate authority of the mesh: template, sign, check what was signed, return. */
import { randomBytes, type webcrypto } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { CertificateError } from "../ca-error.js";
import { checkCertificate } from "../certificate/certificate-check.js";
import type { CertifiableKey } from "../certificate/certificate-request.js";
import {
  type CertificateTemplate,
  DEFAULT_WORKLOAD_TTL_MS,
  type KeyType,
  type LeafParameters,
  type SubjectAltName,
  serverTemplate,
  workloadSubject,
  workloadTemplate,
} from "../certificate/certificate-template.js";
import { certificatePem, certificatesOfPem } from "../certificate/pem.js";
import {
  generateKeyPair,
  isIssuedBy,
  privateKeyPem,
  publicKeyDer,
  readCertificate,
  signCertificate,
} from "../certificate/x509.js";
import { makePrivateDirectory } from "../private-file.js";
import type { Redacted } from "../redacted.js";
import { formatSpiffeId, isTrustDomain, type WorkloadIdentity } from "../spiffe-id.js";
import { type CaSlot, trustBundle } from "./ca-slot.js";
import { type CertifiedUntil, openCertifiedUntil } from "./certified-until.js";
import { loadRoots, saveRoots } from "./remembered-roots.js";
import type { Lifetime } from "./renewal.js";
import {
  mayActivate,
  type Readiness,
  shouldPrepareNext,
  type TrustedRoot,
  trustedRoots,
} from "./rotation.js";
import {
  authorityDirectory,
  type CaSlots,
  givenSlots,
  openOwnSlots,
  type SlotSource,
} from "./slot-source.js";

/** A certificate with its key, as whoever serves with them needs them. */
export interface IssuedCertificate extends Lifetime {
  /** PEM: the certificate, then those between it and the root. */
  readonly chain: string;
  /** PKCS #8 PEM. */
  readonly privateKey: Redacted<string>;
}

/** A certificate whose key is elsewhere. */
export interface CertifiedChain {
  /** PEM: the certificate, then those between it and the root, each one an element. */
  readonly certificates: readonly string[];
  /** PEM of the roots that its owner has to trust. */
  readonly roots: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** See the top of this file. */
export interface Authority {
  readonly trustDomain: string;
  /** PEM of the roots that everyone has to trust now, each one an element; more than one while a root is replaced. */
  readonly roots: readonly string[];
  /** PEM of all who may have signed a certificate that is good now: the roots, and those between them and workloads. */
  readonly authorities: readonly string[];
  /** How long workload certificates are valid. */
  readonly workloadTtlMs: number;
  /**
   * A new key and certificate for a workload.
   * @throws CertificateError
   */
  issueWorkload(identity: WorkloadIdentity): Promise<IssuedCertificate>;
  /**
   * A certificate for a key that the workload made and keeps, valid for as long as it asks for, within `workloadTtlMs`.
   * @throws CertificateError
   */
  certifyWorkload(
    identity: WorkloadIdentity,
    key: CertifiableKey,
    ttlMs: number,
  ): Promise<CertifiedChain>;
  /**
   * A new key and certificate for the control plane itself.
   * @throws CertificateError
   */
  issueServer(names: readonly SubjectAltName[]): Promise<IssuedCertificate>;
  /** Whether a certificate from before is this workload's, signed by what signs now, and still valid. */
  vouchesFor(identity: WorkloadIdentity, chain: string): boolean;
  /**
   * Takes the next step of a rotation if it is time for one: sees that there is a next root, has it trusted, has it sign
   * when everyone trusts it, and forgets the former one when all that it signed has ended.
   * @param readiness how far the proxies are with the roots of before this step
   * @throws StateFileError, CertificateError; then all is as before
   */
  advance(readiness: () => Readiness): Promise<void>;
  /** The same object until something in it changes. */
  status(): AuthorityStatus;
}

/** Where an authority stands. */
export interface AuthorityStatus {
  readonly trusted: readonly TrustedRoot[];
  readonly signing: SigningCertificate;
  /** PEM of the roots of the slot that signs, and of the one that is prepared. */
  readonly current: readonly string[];
  readonly next: readonly string[];
  /** Until when agents have roots without the next one, at most; in milliseconds since 1970. */
  readonly certifiedUntil: number;
}

/** The certificate that signs. */
export interface SigningCertificate extends Lifetime {
  readonly subject: string;
  /** Whether it is a root itself, which is replaced in time where the state directory has it. */
  readonly isRoot: boolean;
}

/** Where an authority comes from, and how it issues. */
export interface AuthorityOptions {
  /** The state directory; the root is made in it when there is none. */
  readonly stateDirectory: string;
  /** A directory with Istio's cacerts files, to use instead. */
  readonly cacertsDirectory?: string;
  /** `cluster.local` when absent. */
  readonly trustDomain?: string;
  /** 24 hours when absent. */
  readonly workloadTtlMs?: number;
  /** Of the keys of workloads; P-256 when absent. */
  readonly workloadKeyType?: KeyType;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Istio's default. */
const DEFAULT_TRUST_DOMAIN = "cluster.local";
const SERIAL_BYTES = 16;

/**
 * Opens the authority of a state directory, which is made, with a new root, when it is not there; two processes that do
 * so at once get the same root.
 * @throws StateFileError when others can get at the key
 * @throws CertificateError when what is there cannot sign
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { stateDirectory, cacertsDirectory, trustDomain = DEFAULT_TRUST_DOMAIN, now } = options;
  if (!isTrustDomain(trustDomain)) {
    throw new CertificateError(
      "certificate-name",
      `${JSON.stringify(trustDomain)} is no trust domain: lower-case letters, digits, dots, dashes and underscores are`,
    );
  }
  await makePrivateDirectory(authorityDirectory(stateDirectory));
  const source =
    cacertsDirectory === undefined
      ? await openOwnSlots(stateDirectory, trustDomain, now)
      : givenSlots(cacertsDirectory, now);
  const version = await source.version();
  const slots = await source.read();
  const remembered = await loadRoots(stateDirectory);
  const ttlMs = options.workloadTtlMs ?? DEFAULT_WORKLOAD_TTL_MS;
  const agents = await openCertifiedUntil(stateDirectory, AGENTS_SLACK * ttlMs);
  const opened = { version, slots, trusted: remembered };
  return authorityOf({ source, agents }, { ...options, trustDomain }, opened);
}

/** Of the life of a certificate: how much longer than needed agents may be waited for. */
const AGENTS_SLACK = 0.1;

/** What an authority knows; replaced as a whole. */
interface AuthorityState {
  /** Of the files from which the slots are. */
  readonly version: string;
  readonly slots: CaSlots;
  readonly trusted: readonly TrustedRoot[];
}

function authorityOf(
  { source, agents }: { readonly source: SlotSource; readonly agents: CertifiedUntil },
  options: AuthorityOptions & { readonly trustDomain: string },
  opened: AuthorityState,
): Authority {
  const { now, trustDomain, stateDirectory } = options;
  const keyType = options.workloadKeyType ?? "P-256";
  const workloadTtlMs = options.workloadTtlMs ?? DEFAULT_WORKLOAD_TTL_MS;
  const inForce = { now, keepMs: workloadTtlMs };
  let state = withTrust(opened, inForce);
  let kept = opened.trusted;
  let standing = statusOf(state, agents);
  const parameters = (changed: Partial<LeafParameters> = {}): LeafParameters => ({
    now: now(),
    ttlMs: workloadTtlMs,
    serial: randomBytes(SERIAL_BYTES),
    authorityNotAfter: state.slots.current.notAfter,
    keyType,
    ...changed,
  });
  const issueBy = (template: CertificateTemplate): Promise<IssuedCertificate> =>
    issue(state.slots.current, { template, keyType, now: now() });
  return {
    trustDomain,
    get roots() {
      return state.trusted.map(({ pem }) => pem);
    },
    get authorities() {
      const between = slotsOf(state).flatMap(({ intermediates }) => pemsOf(intermediates));
      return [...new Set([...state.trusted.map(({ pem }) => pem), ...between])];
    },
    workloadTtlMs,
    issueWorkload: (identity) => issueBy(workloadTemplate(identity, parameters())),
    issueServer: (names) => issueBy(serverTemplate(names, parameters())),
    certifyWorkload: async (identity, { type, publicKey }, ttlMs) => {
      const given = state;
      const asked = parameters({ keyType: type, ttlMs: Math.min(ttlMs, workloadTtlMs) });
      const template = workloadTemplate(identity, asked);
      const chain = await certifiedChain(given, { template, publicKey, now: asked.now });
      // Who is given the next root, too, need not be waited for.
      if (given.slots.next === undefined) await agents.extend(chain.notAfter);
      return chain;
    },
    vouchesFor: (identity, chain) => vouches(state.slots.current, { identity, chain, now: now() }),
    advance: async (readiness) => {
      const facts = { readiness, now: now(), workloadTtlMs, certifiedUntil: agents.time() };
      const next = withTrust(await nextState(state, source, facts), inForce);
      // Kept before anyone is told, so that a root that somebody trusts is not forgotten by a restart.
      if (!isDeepStrictEqual(next.trusted, kept)) await saveRoots(stateDirectory, next.trusted);
      kept = next.trusted;
      if (next !== state) standing = statusOf(next, agents);
      state = next;
    },
    status: () => {
      const certifiedUntil = agents.time();
      if (certifiedUntil !== standing.certifiedUntil) standing = { ...standing, certifiedUntil };
      return standing;
    },
  };
}

/** A certificate for a key that is elsewhere, with all that its owner needs beside. */
async function certifiedChain(
  { slots: { current }, trusted }: AuthorityState,
  wanted: Parameters<typeof certify>[1],
): Promise<CertifiedChain> {
  const certificate = await certify(current, wanted);
  return {
    certificates: [certificatePem(certificate), ...pemsOf(current.intermediates)],
    roots: trusted.map(({ pem }) => pem),
    notAfter: wanted.template.notAfter,
  };
}

function statusOf(
  { trusted, slots: { current, next } }: AuthorityState,
  agents: CertifiedUntil,
): AuthorityStatus {
  return {
    trusted,
    signing: signingCertificate(current),
    current: current.roots,
    next: next?.roots ?? [],
    certifiedUntil: agents.time(),
  };
}

/** The state with what is to be trusted now; the same object when that is what was. */
function withTrust(
  state: AuthorityState,
  { now, keepMs }: { readonly now: () => number; readonly keepMs: number },
): AuthorityState {
  const bundle = trustBundle(slotsOf(state));
  const trusted = trustedRoots(state.trusted, bundle, { now: now(), keepMs });
  return isDeepStrictEqual(trusted, state.trusted) ? state : { ...state, trusted };
}

function slotsOf({ slots: { current, next } }: AuthorityState): readonly CaSlot[] {
  return next === undefined ? [current] : [current, next];
}

async function nextState(
  state: AuthorityState,
  source: SlotSource,
  facts: {
    readonly readiness: () => Readiness;
    readonly now: number;
    readonly workloadTtlMs: number;
    readonly certifiedUntil: number;
  },
): Promise<AuthorityState> {
  const { now } = facts;
  const { current, next } = state.slots;
  if (next === undefined && shouldPrepareNext(lifetimeOf(current), now)) {
    await source.prepareNext();
  }
  const version = await source.version();
  if (version !== state.version) return { ...state, version, slots: await source.read() };
  if (next === undefined) return state;
  const readiness = facts.readiness();
  if (!mayActivate(next.roots, state.trusted, { ...facts, readiness })) return state;
  await source.activateNext();
  return { ...state, version: await source.version(), slots: await source.read() };
}

/** Until the first certificate of its way up ends: no certificate that it signs is valid for longer. */
function signingCertificate({ certificate, intermediates, notAfter }: CaSlot): SigningCertificate {
  const { subject, notBefore } = readCertificate(certificate);
  return { subject, isRoot: intermediates === "", issuedAt: notBefore, notAfter };
}

function lifetimeOf({ certificate }: CaSlot): Lifetime {
  const { notBefore, notAfter } = readCertificate(certificate);
  return { issuedAt: notBefore, notAfter };
}

function vouches(
  slot: CaSlot,
  claim: { readonly identity: WorkloadIdentity; readonly chain: string; readonly now: number },
): boolean {
  const [certificate] = certificatesOfPem(claim.chain);
  if (certificate === undefined || !isIssuedBy(certificate, slot.certificate)) return false;
  if (claim.chain !== certificatePem(certificate) + slot.intermediates) return false;
  const { subject, subjectAltNames, labels, notBefore, notAfter } = readCertificate(certificate);
  const names = [{ type: "uri", value: formatSpiffeId(claim.identity) }];
  return (
    subject === workloadSubject(claim.identity) &&
    isDeepStrictEqual(subjectAltNames, names) &&
    isDeepStrictEqual(labels, claim.identity.labels) &&
    notBefore <= claim.now &&
    claim.now < notAfter
  );
}

/** The certificates of PEM text, each one an element. */
function pemsOf(text: string): readonly string[] {
  return certificatesOfPem(text).map(certificatePem);
}

async function issue(
  slot: CaSlot,
  wanted: {
    readonly template: CertificateTemplate;
    readonly keyType: KeyType;
    readonly now: number;
  },
): Promise<IssuedCertificate> {
  const { template, keyType, now } = wanted;
  const { publicKey, privateKey } = await generateKeyPair(keyType);
  const certificate = await certify(slot, { template, publicKey, now });
  return {
    chain: certificatePem(certificate) + slot.intermediates,
    privateKey: await privateKeyPem(privateKey),
    issuedAt: now,
    notAfter: template.notAfter,
  };
}

/** Signs, and looks at what was signed. Returns DER. */
async function certify(
  slot: CaSlot,
  wanted: {
    readonly template: CertificateTemplate;
    readonly publicKey: webcrypto.CryptoKey;
    readonly now: number;
  },
): Promise<Buffer> {
  const { template, publicKey, now } = wanted;
  const issuer = { privateKey: slot.keys.privateKey, certificate: slot.certificate };
  const certificate = await signCertificate(template, { publicKey, issuer });
  checkCertificate(certificate, {
    template,
    publicKey: await publicKeyDer(publicKey),
    issuer: slot.certificate,
    now,
  });
  return certificate;
}
