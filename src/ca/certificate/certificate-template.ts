/** What a certificate should contain, before anyone signs it. Pure: time and chance are arguments. */
import { CertificateError } from "../ca-error.js";
import { assertIdentity, formatSpiffeId, type WorkloadIdentity } from "../spiffe-id.js";

/** Kinds of keys: an elliptic curve, or RSA for peers that need it. */
export type KeyType = "P-256" | "P-384" | "RSA-2048" | "RSA-3072" | "RSA-4096";

/** A name of a certificate's owner beside the subject. */
export interface SubjectAltName {
  readonly type: "uri" | "dns" | "ip";
  readonly value: string;
}

/** What a key may be used for. RFC 5280, section 4.2.1.3. */
export type KeyUsage =
  | "digitalSignature"
  | "nonRepudiation"
  | "keyEncipherment"
  | "dataEncipherment"
  | "keyAgreement"
  | "keyCertSign"
  | "cRLSign"
  | "encipherOnly"
  | "decipherOnly";

/** The content of a certificate, without key and signature. */
export interface CertificateTemplate {
  /** Such as `O=mesh, CN=root`, or with a type by its OID; empty for none, then the alternative names are critical. */
  readonly subject: string;
  /** Hexadecimal, positive. */
  readonly serialNumber: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** How many authorities may stand below this one; absent when it is no authority. */
  readonly authority?: { readonly pathLength: number };
  readonly keyUsages: readonly KeyUsage[];
  readonly extendedKeyUsages: readonly ("serverAuth" | "clientAuth")[];
  readonly subjectAltNames: readonly SubjectAltName[];
  /** The only labels that the workload may claim; any when absent. In an extension of ours that nobody else has to know. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What every template is given. */
export interface TemplateParameters {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ttlMs: number;
  /** 16 bytes of chance. */
  readonly serial: Uint8Array;
}

/** Of a certificate that an authority signs: no later than its own end. */
export interface LeafParameters extends TemplateParameters {
  readonly authorityNotAfter: number;
  readonly keyType: KeyType;
}

/** How long before its issue a certificate begins, for peers whose clock is behind: Istio's two minutes. */
export const BACKDATE_MS = 2 * 60 * 1000;
/** Istio's default for workloads. */
export const DEFAULT_WORKLOAD_TTL_MS = 24 * 60 * 60 * 1000;
/** Istio's default for a root that it makes itself. */
export const DEFAULT_ROOT_TTL_MS = 10 * 365 * 24 * 60 * 60 * 1000;

const DNS_NAME = /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/;

/** Whether a text is a DNS name that a server's certificate can be for; its first label may be a wildcard. */
export function isServerName(text: string): boolean {
  return DNS_NAME.test(text);
}

/** A root that signs workloads itself, of the trust domain as SPIFFE wants it (X509-SVID, section 3.1 and 4.1). */
export function rootTemplate(
  trustDomain: string,
  { now, ttlMs, serial }: TemplateParameters,
): CertificateTemplate {
  const serialNumber = serialText(serial);
  return {
    // Roots of one trust domain need different names, or a verifier may try the wrong one.
    subject: `O=${trustDomain}, CN=fairlead root ${serialNumber.slice(0, 8)}`,
    serialNumber,
    ...validity(now, ttlMs, Number.POSITIVE_INFINITY),
    authority: { pathLength: 0 },
    keyUsages: ["keyCertSign", "cRLSign"],
    extendedKeyUsages: [],
    subjectAltNames: [{ type: "uri", value: `spiffe://${trustDomain}` }],
  };
}

/** Without the signs by which names are put together (RFC 4514, section 2.4), and no longer than one may be (X.520, ub-description). */
const DESCRIPTION = /^[A-Za-z0-9._:/=|-]{1,1024}$/;

/**
 * The subject of a workload's certificate: its description, under the OID of that attribute, or nothing.
 * @throws CertificateError `certificate-name`
 */
export function workloadSubject({ description }: WorkloadIdentity): string {
  if (description === undefined) return "";
  if (DESCRIPTION.test(description)) return `2.5.4.13=${description}`;
  throw new CertificateError(
    "certificate-name",
    `${JSON.stringify(description)} cannot describe a workload in a certificate`,
  );
}

/**
 * An X.509-SVID: the SPIFFE ID is its only alternative name. See SPIFFE X509-SVID, section 2 and 4.
 * @throws CertificateError `certificate-name`
 */
export function workloadTemplate(
  identity: WorkloadIdentity,
  parameters: LeafParameters,
): CertificateTemplate {
  assertIdentity(identity);
  const { labels } = identity;
  return {
    ...leafTemplate([{ type: "uri", value: formatSpiffeId(identity) }], parameters),
    subject: workloadSubject(identity),
    ...(labels === undefined ? {} : { labels }),
  };
}

/**
 * The certificate of the control plane itself, for these DNS names and IP addresses.
 * @throws CertificateError `certificate-name`
 */
export function serverTemplate(
  names: readonly SubjectAltName[],
  parameters: LeafParameters,
): CertificateTemplate {
  if (names.length === 0) {
    throw new CertificateError("certificate-name", "a server's certificate needs a name");
  }
  const invalid = names.find(({ type, value }) => type === "dns" && !isServerName(value));
  if (invalid !== undefined) {
    throw new CertificateError(
      "certificate-name",
      `${JSON.stringify(invalid.value)} is no DNS name`,
    );
  }
  return leafTemplate(names, parameters);
}

function leafTemplate(
  subjectAltNames: readonly SubjectAltName[],
  { now, ttlMs, serial, authorityNotAfter, keyType }: LeafParameters,
): CertificateTemplate {
  return {
    subject: "",
    serialNumber: serialText(serial),
    ...validity(now, ttlMs, authorityNotAfter),
    // Only RSA can encipher a key with a key.
    keyUsages: keyType.startsWith("RSA")
      ? ["digitalSignature", "keyEncipherment"]
      : ["digitalSignature"],
    extendedKeyUsages: ["serverAuth", "clientAuth"],
    subjectAltNames,
  };
}

function validity(
  now: number,
  ttlMs: number,
  latest: number,
): Pick<CertificateTemplate, "notBefore" | "notAfter"> {
  const notAfter = wholeSeconds(Math.min(now + ttlMs, latest));
  if (!(notAfter > now)) {
    throw new CertificateError(
      "authority-expired",
      ttlMs > 1000
        ? `the authority's certificate ended at ${new Date(latest).toISOString()}`
        : `a certificate of ${ttlMs} ms would be over before it is used`,
    );
  }
  return { notBefore: wholeSeconds(now - BACKDATE_MS), notAfter };
}

/** Certificates know no milliseconds. */
function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

/** Positive, as RFC 5280 section 4.1.2.2 wants it, and never zero: the first byte is 0x40 to 0x7f. */
function serialText(serial: Uint8Array): string {
  const bytes = Buffer.from(serial);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
