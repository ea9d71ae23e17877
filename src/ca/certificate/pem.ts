/** Certificates and what goes with them as text. See RFC 7468. */
import { createHash } from "node:crypto";

/** PEM text of one certificate, ended by a line feed. */
export function certificatePem(der: Buffer): string {
  return pem("CERTIFICATE", der);
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const PEM_REVOCATION_LIST = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g;
const PEM_REQUEST =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[\s\S]+?-----END (?:NEW )?CERTIFICATE REQUEST-----/g;

/** The certificates of PEM text as DER, in their order; what stands around them is skipped. */
export function certificatesOfPem(text: string): readonly Buffer[] {
  return blocksOfPem(text, PEM_CERTIFICATE);
}

/** SHA-256 of the first certificate of PEM text, in hexadecimal digits. */
export function fingerprintOfPem(text: string): string {
  const [der = Buffer.alloc(0)] = certificatesOfPem(text);
  return createHash("sha256").update(der).digest("hex");
}

/** The certificate requests of PEM text as DER, likewise. */
export function requestsOfPem(text: string): readonly Buffer[] {
  return blocksOfPem(text, PEM_REQUEST);
}

/** The revocation lists of PEM text as DER, likewise. */
export function revocationListsOfPem(text: string): readonly Buffer[] {
  return blocksOfPem(text, PEM_REVOCATION_LIST);
}

function blocksOfPem(text: string, blocks: RegExp): readonly Buffer[] {
  return (text.match(blocks) ?? []).map((block) =>
    Buffer.from(block.replace(/-----[^-]+-----|\s/g, ""), "base64"),
  );
}

/** PEM text of bytes. RFC 7468. */
export function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
