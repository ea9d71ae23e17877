/** A key with its certificate, and whether they are good. */
import { createPublicKey } from "node:crypto";
import type { Lifetime } from "../ca/authority/renewal.js";
import { CertificateError } from "../ca/ca-error.js";
import { checkAuthority, pathToRoot } from "../ca/certificate/certificate-path.js";
import { BACKDATE_MS } from "../ca/certificate/certificate-template.js";
import { certificatePem, certificatesOfPem } from "../ca/certificate/pem.js";
import { readCertificate } from "../ca/certificate/x509.js";
import type { Redacted } from "../ca/redacted.js";
import { parseSpiffeId, type WorkloadIdentity } from "../ca/spiffe-id.js";

/** A key and the certificate for it. */
export interface Identity extends Lifetime {
  readonly workload: WorkloadIdentity;
  /** PEM: the certificate, then those between it and a root. */
  readonly chain: string;
  /** PEM. */
  readonly privateKey: Redacted<string>;
}

/** Whom an agent is to be: the trust domain is for the control plane to say. */
export type WantedIdentity = Pick<WorkloadIdentity, "namespace" | "serviceAccount">;

const MAX_CHAIN = 8;
const MAX_ROOTS = 64;

/**
 * A key and a chain as an identity; that the key is the certificate's, and that this names one workload, is looked at.
 * @throws CertificateError
 */
export function readIdentity(chain: string, privateKey: Redacted<string>): Identity {
  const [certificate, ...between] = certificatesOfPem(chain);
  if (certificate === undefined) chainError("there is no certificate");
  if (between.length >= MAX_CHAIN) chainError(`there are more than ${MAX_CHAIN} certificates`);
  const { publicKey, subjectAltNames, notBefore, notAfter } = readCertificate(certificate);
  if (!publicKeyOf(privateKey).equals(publicKey)) {
    chainError("the certificate is for another key");
  }
  const [name, ...others] = subjectAltNames;
  const workload = name?.type === "uri" ? parseSpiffeId(name.value) : undefined;
  if (workload === undefined || others.length > 0) {
    chainError("the certificate does not name one workload");
  }
  return {
    workload,
    chain: [certificate, ...between].map(certificatePem).join(""),
    privateKey,
    // For clocks that are behind it begins before it was issued.
    issuedAt: Math.min(notBefore + BACKDATE_MS, notAfter),
    notAfter,
  };
}

function publicKeyOf(privateKey: Redacted<string>): Buffer {
  try {
    return createPublicKey(privateKey.reveal()).export({ type: "spki", format: "der" });
  } catch {
    // The cause may quote the key.
    return chainError("there is no private key");
  }
}

/**
 * Roots as they are kept: authorities, and no more of them than a mesh has.
 * @throws CertificateError
 */
export function readRoots(text: string): string {
  const roots = certificatesOfPem(text);
  if (roots.length === 0) chainError("there is no root certificate");
  if (roots.length > MAX_ROOTS) chainError(`there are more than ${MAX_ROOTS} roots`);
  const stranger = roots.find((root) => readCertificate(root).authority === undefined);
  if (stranger !== undefined) chainError("a root is no authority (basic constraints)");
  return roots.map(certificatePem).join("");
}

/** What an identity is held against. */
export interface Expectation {
  readonly wanted: WantedIdentity;
  /** PEM. */
  readonly roots: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why a certificate is of no use, in words; undefined when it is. */
export function faultOf(identity: Identity, expectation: Expectation): string | undefined {
  const { wanted, roots, now } = expectation;
  const { namespace, serviceAccount } = identity.workload;
  if (namespace !== wanted.namespace || serviceAccount !== wanted.serviceAccount) {
    return `it is that of ${namespace}/${serviceAccount}, not of ${wanted.namespace}/${wanted.serviceAccount}`;
  }
  if (now >= identity.notAfter) return `it ended at ${new Date(identity.notAfter).toISOString()}`;
  return pathFault(identity.chain, certificatesOfPem(roots), now);
}

function pathFault(chain: string, roots: readonly Buffer[], now: number): string | undefined {
  const [certificate = Buffer.alloc(0), ...between] = certificatesOfPem(chain);
  try {
    if (now < readCertificate(certificate).notBefore) return "it is not valid yet";
    const [, ...authorities] = pathToRoot(certificate, between, roots);
    authorities.forEach((authority, below) => {
      checkAuthority(authority, now, below);
    });
    return undefined;
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
}

function chainError(message: string): never {
  throw new CertificateError("certificate-chain", message);
}
