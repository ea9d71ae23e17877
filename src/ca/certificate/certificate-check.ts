/** Looks at a signed certificate before anyone gets it: a fault of ours is to be found here, not by a proxy. */
import { isDeepStrictEqual } from "node:util";
import { CertificateError } from "../ca-error.js";
import type { CertificateTemplate } from "./certificate-template.js";
import { isIssuedBy, readCertificate } from "./x509.js";

/** What a signed certificate must be. */
export interface CheckedAgainst {
  readonly template: CertificateTemplate;
  /** DER of the SubjectPublicKeyInfo that it is for. */
  readonly publicKey: Buffer;
  /** DER of the certificate of who signed it. */
  readonly issuer: Buffer;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Checks that the certificate says what the template wanted, nothing else, and is signed by the issuer.
 * @throws CertificateError `certificate-check`, with what was wanted and what was got
 */
export function checkCertificate(
  der: Buffer,
  { template, publicKey, issuer, now }: CheckedAgainst,
): void {
  const got = readCertificate(der);
  const compare = (what: string, wanted: unknown, found: unknown): void => {
    if (!isDeepStrictEqual(wanted, found)) fail(what, wanted, found);
  };
  compare("subject", template.subject, got.subject);
  compare("serial number", template.serialNumber, got.serialNumber);
  compare("notBefore", template.notBefore, got.notBefore);
  compare("notAfter", template.notAfter, got.notAfter);
  compare("authority", template.authority, got.authority);
  compare("key usage", sorted(template.keyUsages), sorted(got.keyUsages));
  compare("criticality of the key usage", true, got.keyUsagesCritical);
  compare("extended key usage", sorted(template.extendedKeyUsages), sorted(got.extendedKeyUsages));
  compare("alternative names", template.subjectAltNames, got.subjectAltNames);
  compare(
    "criticality of the alternative names",
    template.subject === "",
    got.subjectAltNamesCritical,
  );
  compare("labels", template.labels, got.labels);
  compare("public key", publicKey.toString("hex"), got.publicKey.toString("hex"));
  if (!(got.notBefore <= now && now < got.notAfter)) {
    fail("validity at", new Date(now).toISOString(), [got.notBefore, got.notAfter]);
  }
  checkIssuer(der, issuer);
}

function checkIssuer(der: Buffer, issuer: Buffer): void {
  const { authority, notAfter, subject } = readCertificate(issuer);
  if (authority === undefined) fail("issuer", "an authority", subject);
  if (!isIssuedBy(der, issuer)) fail("signature", `that of ${subject}`, "another");
  const end = readCertificate(der).notAfter;
  if (end > notAfter) fail("end", `no later than the issuer's ${notAfter}`, end);
}

function sorted(values: readonly string[]): readonly string[] {
  return [...values].sort();
}

function fail(what: string, wanted: unknown, found: unknown): never {
  throw new CertificateError(
    "certificate-check",
    `signed certificate: ${what}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(found)}`,
  );
}
