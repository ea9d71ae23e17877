/** Which certificates of the mesh are worthless before they end: the lists (CRLs) that are given, one for each authority. */
import { CertificateError } from "../ca-error.js";
import { certificatesOfPem, revocationListsOfPem } from "../certificate/pem.js";
import { readCertificate, readRevocationList } from "../certificate/x509.js";

/** See the top of this file. */
export interface RevocationLists {
  /** As they were given; empty when none is. */
  readonly pem: string;
  /** Whether a certificate is on one of them. Serial numbers have 128 random bits, so no issuer is asked for. */
  revokes(serialNumber: string): boolean;
  /**
   * The subjects of those authorities that no list is of. While lists are given, Envoy refuses every certificate below an
   * authority without one.
   */
  without(authorities: readonly string[]): readonly string[];
}

/** What is in force where none is given. */
export const NO_REVOCATIONS: RevocationLists = {
  pem: "",
  revokes: () => false,
  without: () => [],
};

/**
 * The lists of PEM text.
 * @throws CertificateError `certificate-file` when there is none in it, or one that cannot be read
 */
export function parseRevocationLists(pem: string): RevocationLists {
  const lists = revocationListsOfPem(pem).map(readRevocationList);
  if (lists.length === 0) {
    throw new CertificateError("certificate-file", "there is no X509 CRL in PEM");
  }
  const issuers = new Set(lists.map(({ issuer }) => issuer));
  const revoked = new Set(lists.flatMap(({ serialNumbers }) => serialNumbers));
  return {
    pem,
    revokes: (serialNumber) => revoked.has(serialNumber),
    without: (authorities) => {
      const subjects = authorities
        .flatMap(certificatesOfPem)
        .map((authority) => readCertificate(authority).subject);
      return [...new Set(subjects)].filter((subject) => !issuers.has(subject));
    },
  };
}
