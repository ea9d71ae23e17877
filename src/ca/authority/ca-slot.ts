/** A slot holds all that is needed to sign: a key, the certificate for it, and the way up to a root. */
import { CertificateError } from "../ca-error.js";
import { checkAuthority, isRoot, pathToRoot } from "../certificate/certificate-path.js";
import { certificatePem, certificatesOfPem } from "../certificate/pem.js";
import {
  importSigningKey,
  type KeyPair,
  publicKeyDer,
  readCertificate,
} from "../certificate/x509.js";
import { type Redacted, redact } from "../redacted.js";

/** See the top of this file. */
export interface CaSlot {
  readonly keys: KeyPair;
  /** DER of the certificate that signs. */
  readonly certificate: Buffer;
  /** PEM of what is sent behind each certificate: those between it and the root, the signing one first. */
  readonly intermediates: string;
  /** PEM of the roots, each one an element. */
  readonly roots: readonly string[];
  /** When the first certificate of the way up ends, in milliseconds since 1970. */
  readonly notAfter: number;
}

/** PEM text of which a slot is made. */
export interface CaSlotFiles {
  readonly key: Redacted<string>;
  /** The certificate that signs. */
  readonly certificate: string;
  /** Those between it and the root; may repeat it or have the root. */
  readonly chain: string;
  readonly roots: string;
}

/**
 * Makes a slot, and checks that its parts belong together: the key is the certificate's, the certificate may sign, the
 * chain leads to one of the roots, and all are valid now.
 * @throws CertificateError
 */
export async function buildCaSlot(files: CaSlotFiles, now: number): Promise<CaSlot> {
  const keys = await importSigningKey(files.key);
  const [certificate, ...rest] = certificatesOfPem(files.certificate);
  const roots = unique(certificatesOfPem(files.roots));
  if (certificate === undefined) chainError("there is no certificate that signs");
  if (roots.length === 0) chainError("there is no root certificate");
  if (!(await publicKeyDer(keys.publicKey)).equals(readCertificate(certificate).publicKey)) {
    chainError("the private key is not that of the certificate");
  }
  const path = pathToRoot(certificate, [...rest, ...certificatesOfPem(files.chain)], roots);
  path.forEach((link, below) => {
    checkAuthority(link, now, below);
  });
  const intermediates = path.filter((link) => !isRoot(link, roots));
  return {
    keys,
    certificate,
    intermediates: intermediates.map(certificatePem).join(""),
    roots: roots.map(certificatePem),
    notAfter: Math.min(...path.map((link) => readCertificate(link).notAfter)),
  };
}

/** The roots of several slots, each once: what everyone has to trust. */
export function trustBundle(slots: readonly CaSlot[]): readonly string[] {
  return [...new Set(slots.flatMap((slot) => slot.roots))];
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/;

/** A self-signed slot as the text of one file, so that key and certificate are always of each other. */
export function formatSlotFile(key: Redacted<string>, certificate: Buffer): Redacted<string> {
  return redact(key.reveal() + certificatePem(certificate));
}

/**
 * The parts of such a file.
 * @throws CertificateError `certificate-file`
 */
export function parseSlotFile(text: Redacted<string>): CaSlotFiles {
  const key = PRIVATE_KEY.exec(text.reveal())?.[0];
  const certificates = certificatesOfPem(text.reveal());
  if (key === undefined || certificates.length !== 1) {
    throw new CertificateError("certificate-file", "this is not a private key and one certificate");
  }
  const certificate = certificates.map(certificatePem).join("");
  return { key: redact(key), certificate, chain: "", roots: certificate };
}

function unique(certificates: readonly Buffer[]): readonly Buffer[] {
  return certificates.filter(
    (certificate, i) => certificates.findIndex((other) => other.equals(certificate)) === i,
  );
}

function chainError(message: string): never {
  throw new CertificateError("certificate-chain", message);
}
