/** The way from a certificate up to a root. */
import { CertificateError } from "../ca-error.js";
import { isIssuedBy, readCertificate } from "./x509.js";

const MAX_PATH = 8;

/**
 * A certificate and those above it, up to a root: each was signed by the next.
 * @throws CertificateError `certificate-chain`
 */
export function pathToRoot(
  first: Buffer,
  candidates: readonly Buffer[],
  roots: readonly Buffer[],
): readonly Buffer[] {
  const path = [first];
  for (let link = first; !isRoot(link, roots); path.push(link)) {
    const issuer = [...roots, ...candidates].find(
      (candidate) => !candidate.equals(link) && isIssuedBy(link, candidate),
    );
    if (issuer === undefined || path.length === MAX_PATH) {
      const { subject, issuer: missing } = readCertificate(link);
      chainError(
        `${subject} does not lead to a root: ${missing}, which signed it, is neither in the chain nor a root`,
      );
    }
    link = issuer;
  }
  return path;
}

/** Whether a certificate is one of these. DER. */
export function isRoot(certificate: Buffer, roots: readonly Buffer[]): boolean {
  return roots.some((root) => root.equals(certificate));
}

/**
 * Checks that a certificate may sign, now, and have so many authorities below it.
 * @throws CertificateError
 */
export function checkAuthority(der: Buffer, now: number, below: number): void {
  const { authority, keyUsages, notBefore, notAfter, subject } = readCertificate(der);
  if (authority === undefined) chainError(`${subject} is no authority (basic constraints)`);
  if (keyUsages.length > 0 && !keyUsages.includes("keyCertSign")) {
    chainError(`${subject} may not sign certificates (key usage)`);
  }
  if (authority.pathLength < below) {
    chainError(
      `${subject} allows ${authority.pathLength} authorities below it, not ${below} (path length)`,
    );
  }
  if (now < notBefore || now >= notAfter) {
    const span = `${new Date(notBefore).toISOString()} to ${new Date(notAfter).toISOString()}`;
    throw new CertificateError("authority-expired", `${subject} is valid from ${span}, not now`);
  }
}

function chainError(message: string): never {
  throw new CertificateError("certificate-chain", message);
}
