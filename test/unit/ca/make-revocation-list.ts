import "reflect-metadata";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { buildCaSlot, parseSlotFile } from "../../../src/ca/authority/ca-slot.js";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { type Issuer, readCertificate } from "../../../src/ca/certificate/x509.js";
import { redact } from "../../../src/ca/redacted.js";

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

/** The list of the authority of a state directory, with these certificates, PEM, on it. */
export async function revocationListOf(state: string, chains: readonly string[]): Promise<string> {
  const text = await readFile(join(state, "ca", "current.pem"), "utf8");
  const { keys, certificate } = await buildCaSlot(parseSlotFile(redact(text)), Date.now());
  const serialNumbers = chains.map(
    (chain) => readCertificate(certificatesOfPem(chain)[0]!).serialNumber,
  );
  return makeRevocationList({ privateKey: keys.privateKey, certificate }, serialNumbers);
}
