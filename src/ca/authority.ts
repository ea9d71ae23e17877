/** The certificate authority of the mesh: template, sign, check what was signed, return. */
import { randomBytes, type webcrypto } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CertificateError } from "./ca-error.js";
import { buildCaSlot, type CaSlot, formatSlotFile, parseSlotFile, trustBundle } from "./ca-slot.js";
import { readCacerts } from "./cacerts.js";
import { checkCertificate } from "./certificate-check.js";
import type { CertifiableKey } from "./certificate-request.js";
import {
  type CertificateTemplate,
  DEFAULT_ROOT_TTL_MS,
  DEFAULT_WORKLOAD_TTL_MS,
  type KeyType,
  type LeafParameters,
  rootTemplate,
  type SubjectAltName,
  serverTemplate,
  workloadTemplate,
} from "./certificate-template.js";
import { createPrivateFile, makePrivateDirectory, readPrivateFile } from "./private-file.js";
import { type Redacted, redact } from "./redacted.js";
import type { Lifetime } from "./renewal.js";
import { formatSpiffeId, isTrustDomain, type WorkloadIdentity } from "./spiffe-id.js";
import {
  certificatePem,
  certificatesOfPem,
  generateKeyPair,
  isIssuedBy,
  privateKeyPem,
  publicKeyDer,
  readCertificate,
  signCertificate,
} from "./x509.js";

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
  /** PEM of the roots that everyone has to trust, each one an element; more than one while a root is replaced. */
  readonly roots: readonly string[];
  /** When its own certificate ends, in milliseconds since 1970. */
  readonly notAfter: number;
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
  const trustDomain = options.trustDomain ?? DEFAULT_TRUST_DOMAIN;
  if (!isTrustDomain(trustDomain)) {
    throw new CertificateError(
      "certificate-name",
      `${JSON.stringify(trustDomain)} is no trust domain: lower-case letters, digits, dots, dashes and underscores are`,
    );
  }
  const slot = await openSlot(options, trustDomain);
  return authorityOf(slot, { ...options, trustDomain });
}

async function openSlot(options: AuthorityOptions, trustDomain: string): Promise<CaSlot> {
  const { cacertsDirectory, stateDirectory, now } = options;
  if (cacertsDirectory !== undefined) {
    return named(cacertsDirectory, async () =>
      buildCaSlot(await readCacerts(cacertsDirectory), now()),
    );
  }
  const directory = join(stateDirectory, "ca");
  await makePrivateDirectory(directory);
  const path = join(directory, "current.pem");
  if ((await readPrivateFile(path)) === undefined) {
    await createPrivateFile(path, (await newRoot(trustDomain, now())).reveal());
  }
  const content = redact((await readPrivateFile(path))?.toString("utf8") ?? "");
  return named(path, () => buildCaSlot(parseSlotFile(content), now()));
}

/** Errors about what a file or directory holds say which it is. */
async function named<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CertificateError) || error.message.startsWith(path)) throw error;
    throw new CertificateError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

async function newRoot(trustDomain: string, now: number): Promise<Redacted<string>> {
  const keys = await generateKeyPair("P-256");
  const template = rootTemplate(trustDomain, {
    now,
    ttlMs: DEFAULT_ROOT_TTL_MS,
    serial: randomBytes(SERIAL_BYTES),
  });
  const certificate = await signCertificate(template, { publicKey: keys.publicKey, issuer: keys });
  const publicKey = await publicKeyDer(keys.publicKey);
  checkCertificate(certificate, { template, publicKey, issuer: certificate, now });
  return formatSlotFile(await privateKeyPem(keys.privateKey), certificate);
}

function authorityOf(
  slot: CaSlot,
  options: AuthorityOptions & { readonly trustDomain: string },
): Authority {
  const { now, trustDomain } = options;
  const keyType = options.workloadKeyType ?? "P-256";
  const workloadTtlMs = options.workloadTtlMs ?? DEFAULT_WORKLOAD_TTL_MS;
  const parameters = (changed: Partial<LeafParameters> = {}): LeafParameters => ({
    now: now(),
    ttlMs: workloadTtlMs,
    serial: randomBytes(SERIAL_BYTES),
    authorityNotAfter: slot.notAfter,
    keyType,
    ...changed,
  });
  return {
    trustDomain,
    roots: trustBundle([slot]),
    notAfter: slot.notAfter,
    workloadTtlMs,
    issueWorkload: (identity) =>
      issue(slot, { template: workloadTemplate(identity, parameters()), keyType, now: now() }),
    certifyWorkload: async (identity, { type, publicKey }, ttlMs) => {
      const asked = parameters({ keyType: type, ttlMs: Math.min(ttlMs, workloadTtlMs) });
      const template = workloadTemplate(identity, asked);
      const certificate = await certify(slot, { template, publicKey, now: asked.now });
      return {
        certificates: [certificatePem(certificate), ...pemsOf(slot.intermediates)],
        roots: trustBundle([slot]),
        notAfter: template.notAfter,
      };
    },
    issueServer: (names) =>
      issue(slot, { template: serverTemplate(names, parameters()), keyType, now: now() }),
    vouchesFor: (identity, chain) => vouches(slot, { identity, chain, now: now() }),
  };
}

function vouches(
  slot: CaSlot,
  claim: { readonly identity: WorkloadIdentity; readonly chain: string; readonly now: number },
): boolean {
  const [certificate] = certificatesOfPem(claim.chain);
  if (certificate === undefined || !isIssuedBy(certificate, slot.certificate)) return false;
  if (claim.chain !== certificatePem(certificate) + slot.intermediates) return false;
  const { subjectAltNames, notBefore, notAfter } = readCertificate(certificate);
  const names = [{ type: "uri", value: formatSpiffeId(claim.identity) }];
  return (
    isDeepStrictEqual(subjectAltNames, names) && notBefore <= claim.now && claim.now < notAfter
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
