import * as x509 from "@peculiar/x509";
import { type Issuer } from "../../../src/ca/x509.js";

const HOUR = 3_600_000;

/** PEM of an authority's list of revoked certificates. */
export async function makeRevocationList(
  { privateKey, certificate }: Issuer,
  serialNumbers: readonly string[],
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: new x509.X509Certificate(certificate).subjectName,
    thisUpdate: new Date(Date.now() - HOUR),
    nextUpdate: new Date(Date.now() + HOUR),
    // An entry without a reason would be written with an empty list of extensions, which BoringSSL refuses.
    entries: serialNumbers.map((serialNumber) => ({
      serialNumber,
      reason: x509.X509CrlReason.keyCompromise,
    })),
    signingKey: privateKey,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  // The library's own label is not that of RFC 7468, section 8.
  return `${list.toString("pem").replaceAll(" CRL-", " X509 CRL-")}\n`;
}
