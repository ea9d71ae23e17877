/** Keys and certificates as bytes and text: the only file that knows the library for them. */
import "reflect-metadata";
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import * as x509 from "@peculiar/x509";
import { CertificateError } from "../ca-error.js";
import { type Redacted, redact } from "../redacted.js";
import type {
  CertificateTemplate,
  KeyType,
  KeyUsage,
  SubjectAltName,
} from "./certificate-template.js";
import { pem } from "./pem.js";

/** A pair of keys of which the private one can sign. */
export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

/** Who signs: a key, and the certificate that says whose it is. */
export interface Issuer {
  readonly privateKey: webcrypto.CryptoKey;
  /** DER. */
  readonly certificate: Buffer;
}

/** A name of a type that none of the mesh's certificates has. */
interface OtherAltName {
  readonly type: "other";
  readonly value: string;
}

/** What a certificate says, as far as fairlead looks at it. */
export interface CertificateContent
  extends Omit<CertificateTemplate, "extendedKeyUsages" | "subjectAltNames"> {
  /** Those that fairlead has no word for by their OID. */
  readonly extendedKeyUsages: readonly string[];
  /** Those of other types, such as addresses of mail in an authority of a company, are `other`. */
  readonly subjectAltNames: readonly (SubjectAltName | OtherAltName)[];
  /** As `subject`. */
  readonly issuer: string;
  readonly subjectAltNamesCritical: boolean;
  readonly keyUsagesCritical: boolean;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
}

const rsa = (modulusLength: number): webcrypto.RsaHashedKeyGenParams => ({
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

const KEY_ALGORITHMS: Readonly<
  Record<KeyType, webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams>
> = {
  "P-256": { name: "ECDSA", namedCurve: "P-256" },
  "P-384": { name: "ECDSA", namedCurve: "P-384" },
  "RSA-2048": rsa(2048),
  "RSA-3072": rsa(3072),
  "RSA-4096": rsa(4096),
};

/** The bits of the extension. RFC 5280, section 4.2.1.3. */
const KEY_USAGE_FLAGS: Readonly<Record<KeyUsage, number>> = {
  digitalSignature: x509.KeyUsageFlags.digitalSignature,
  nonRepudiation: x509.KeyUsageFlags.nonRepudiation,
  keyEncipherment: x509.KeyUsageFlags.keyEncipherment,
  dataEncipherment: x509.KeyUsageFlags.dataEncipherment,
  keyAgreement: x509.KeyUsageFlags.keyAgreement,
  keyCertSign: x509.KeyUsageFlags.keyCertSign,
  cRLSign: x509.KeyUsageFlags.cRLSign,
  encipherOnly: x509.KeyUsageFlags.encipherOnly,
  decipherOnly: x509.KeyUsageFlags.decipherOnly,
};

const EXTENDED_KEY_USAGES = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Of the extension with the labels that a workload may claim: below Microsoft's arc for OIDs that are made of a UUID. */
const LABELS_EXTENSION = "1.2.840.113556.1.8000.2554.50119.13187.24021.20286.41633.9124053.7423910";
const LABEL_URI = /^label:([^=]+)=(.*)$/;

const ALT_NAME_TYPES = { uri: "url", dns: "dns", ip: "ip" } as const;

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** Makes a new pair of keys. */
export async function generateKeyPair(type: KeyType): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHMS[type], true, ["sign", "verify"]);
}

/** A private key as PKCS #8 PEM. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<Redacted<string>> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return redact(pem("PRIVATE KEY", Buffer.from(der)));
}

/**
 * A private key that signs certificates, from PEM of any common form.
 * @throws CertificateError `certificate-file` for what is no private key, or one that is none of P-256, P-384 and RSA of
 *   2048 bits or more
 */
export async function importSigningKey(text: Redacted<string>): Promise<KeyPair> {
  let key: KeyObject;
  try {
    key = createPrivateKey(text.reveal());
  } catch {
    // The cause may quote the key.
    throw new CertificateError(
      "certificate-file",
      "this is no private key in PEM without a password",
    );
  }
  const algorithm = signingAlgorithm(key);
  const importAs = async (
    format: "pkcs8" | "spki",
    der: Buffer,
    usage: "sign" | "verify",
  ): Promise<webcrypto.CryptoKey> =>
    webcrypto.subtle.importKey(format, der, algorithm, format === "spki", [usage]);
  return {
    privateKey: await importAs("pkcs8", key.export({ type: "pkcs8", format: "der" }), "sign"),
    publicKey: await importAs(
      "spki",
      createPublicKey(key).export({ type: "spki", format: "der" }),
      "verify",
    ),
  };
}

function signingAlgorithm(key: KeyObject): { name: string; namedCurve?: string; hash?: string } {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === "prime256v1") return { name: "ECDSA", namedCurve: "P-256" };
  if (namedCurve === "secp384r1") return { name: "ECDSA", namedCurve: "P-384" };
  if (key.asymmetricKeyType === "rsa" && modulusLength >= 2048) {
    return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  }
  throw new CertificateError(
    "certificate-file",
    "a key of this type cannot sign certificates here: take P-256, P-384, or RSA of 2048 bits or more",
  );
}

/** A request for a certificate, as far as fairlead looks at it: whatever names it asks for, nobody reads them. */
export interface RequestContent {
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** It asks for a certificate that may sign others. */
  readonly wantsAuthority: boolean;
  /** Whether its own key signed it, which shows that who made it has the key. */
  isSigned(): Promise<boolean>;
}

/**
 * Reads a request of PKCS #10.
 * @throws CertificateError `certificate-request` when the bytes are none
 */
export function readRequest(der: Buffer): RequestContent {
  try {
    const request = new x509.Pkcs10CertificateRequest(der);
    return {
      publicKey: Buffer.from(request.publicKey.rawData),
      wantsAuthority: request.extensions.some(
        (extension) => extension instanceof x509.BasicConstraintsExtension && extension.ca,
      ),
      isSigned: () => request.verify().catch(() => false),
    };
  } catch (cause) {
    throw new CertificateError("certificate-request", "these bytes are no request", { cause });
  }
}

/** A request of PKCS #10 in PEM, which names nobody: who it is for is proved otherwise. */
export async function requestPem(keys: KeyPair): Promise<string> {
  const signingAlgorithm = signatureAlgorithm(keys.privateKey);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm });
  return request.toString("pem");
}

/** A public key of one of the types that are signed here, by its DER; undefined for any other, and for what is no key. */
export async function importPublicKey(
  der: Buffer,
): Promise<{ readonly type: KeyType; readonly key: webcrypto.CryptoKey } | undefined> {
  const type = keyTypeOf(der);
  if (type === undefined) return undefined;
  const key = await webcrypto.subtle.importKey("spki", der, KEY_ALGORITHMS[type], true, ["verify"]);
  return { type, key };
}

function keyTypeOf(der: Buffer): KeyType | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = keyObjectOf(der) ?? {};
  const { namedCurve, modulusLength, publicExponent } = asymmetricKeyDetails;
  if (namedCurve === "prime256v1") return "P-256";
  if (namedCurve === "secp384r1") return "P-384";
  // Other exponents are legal, but nobody makes them, and small ones have been the way into many an RSA.
  if (asymmetricKeyType !== "rsa" || publicExponent !== 65_537n) return undefined;
  const type = `RSA-${modulusLength ?? 0}`;
  return type === "RSA-2048" || type === "RSA-3072" || type === "RSA-4096" ? type : undefined;
}

function keyObjectOf(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, type: "spki", format: "der" });
  } catch {
    return undefined;
  }
}

/** DER of a public key, its SubjectPublicKeyInfo. */
export async function publicKeyDer(key: webcrypto.CryptoKey): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.exportKey("spki", key));
}

/** Signs what the template says for a public key; without an issuer the certificate signs itself. Returns DER. */
export async function signCertificate(
  template: CertificateTemplate,
  keys: { readonly publicKey: webcrypto.CryptoKey; readonly issuer: Issuer | KeyPair },
): Promise<Buffer> {
  const { publicKey, issuer } = keys;
  const parent = "certificate" in issuer ? new x509.X509Certificate(issuer.certificate) : undefined;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: template.serialNumber,
    subject: template.subject,
    issuer: parent?.subject ?? template.subject,
    notBefore: new Date(template.notBefore),
    notAfter: new Date(template.notAfter),
    publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: signatureAlgorithm(issuer.privateKey),
    extensions: [
      ...extensionsOf(template),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(parent?.publicKey ?? publicKey),
    ],
  });
  return Buffer.from(certificate.rawData);
}

function signatureAlgorithm(key: webcrypto.CryptoKey): { name: string; hash: string } {
  const { name, namedCurve } = key.algorithm as webcrypto.EcKeyAlgorithm;
  return { name, hash: namedCurve === "P-384" ? "SHA-384" : "SHA-256" };
}

function extensionsOf(template: CertificateTemplate): x509.Extension[] {
  const { authority, keyUsages, extendedKeyUsages, subjectAltNames, subject, labels } = template;
  const flags: number = keyUsages.reduce((all, usage) => all | KEY_USAGE_FLAGS[usage], 0);
  const names = subjectAltNames.map(({ type, value }) => ({ type: ALT_NAME_TYPES[type], value }));
  return [
    new x509.BasicConstraintsExtension(authority !== undefined, authority?.pathLength, true),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- of bits: a sum of several is no member
    new x509.KeyUsagesExtension(flags, true),
    ...(extendedKeyUsages.length > 0
      ? [
          new x509.ExtendedKeyUsageExtension(
            extendedKeyUsages.map((usage) => EXTENDED_KEY_USAGES[usage]),
          ),
        ]
      : []),
    // RFC 5280, section 4.2.1.6: critical when it is the only name.
    new x509.SubjectAlternativeNameExtension(names, subject === ""),
    ...(labels === undefined ? [] : [labelsExtension(labels)]),
  ];
}

/** As general names, each a URI: of what certificates have, that can hold text. */
function labelsExtension(labels: Readonly<Record<string, string>>): x509.Extension {
  const names = Object.entries(labels).map(([key, value]) => ({
    type: "url" as const,
    value: `label:${key}=${value}`,
  }));
  return new x509.Extension(LABELS_EXTENSION, false, new x509.GeneralNames(names).rawData);
}

function labelsOf({ value }: x509.Extension): Readonly<Record<string, string>> {
  const labels = new x509.GeneralNames(value).items.map((name) => LABEL_URI.exec(name.value));
  return Object.fromEntries(labels.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]));
}

/**
 * Reads a certificate.
 * @throws CertificateError `certificate-file` when the bytes are none
 */
export function readCertificate(der: Buffer): CertificateContent {
  const key = der.toString("latin1");
  const known = CONTENTS.get(key);
  if (known !== undefined) return known;
  const content = parseCertificate(der);
  CONTENTS.set(key, content);
  const [oldest] = CONTENTS.keys();
  if (CONTENTS.size > MAX_CONTENTS && oldest !== undefined) CONTENTS.delete(oldest);
  return content;
}

/** The same few are read again and again: authorities every second, a proxy's own at each of its streams. By their bytes. */
const CONTENTS = new Map<string, CertificateContent>();
const MAX_CONTENTS = 256;

function parseCertificate(der: Buffer): CertificateContent {
  try {
    return contentOf(new x509.X509Certificate(der));
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError("certificate-file", "these bytes are no certificate", { cause });
  }
}

function contentOf(certificate: x509.X509Certificate): CertificateContent {
  const basic = certificate.getExtension(x509.BasicConstraintsExtension);
  const usage = certificate.getExtension(x509.KeyUsagesExtension);
  const extended = certificate.getExtension(x509.ExtendedKeyUsageExtension);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  const labels = certificate.getExtension(LABELS_EXTENSION);
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    ...(basic?.ca === true
      ? { authority: { pathLength: basic.pathLength ?? Number.POSITIVE_INFINITY } }
      : {}),
    keyUsages: usagesOf(usage),
    keyUsagesCritical: usage?.critical ?? false,
    extendedKeyUsages: extendedUsagesOf(extended),
    subjectAltNames: (names?.names.items ?? []).map(altName),
    subjectAltNamesCritical: names?.critical ?? false,
    ...(labels === null ? {} : { labels: labelsOf(labels) }),
    publicKey: Buffer.from(certificate.publicKey.rawData),
  };
}

function usagesOf(extension: x509.KeyUsagesExtension | null): readonly KeyUsage[] {
  const flags: number = extension?.usages ?? 0;
  return (Object.keys(KEY_USAGE_FLAGS) as KeyUsage[]).filter(
    (usage) => (flags & KEY_USAGE_FLAGS[usage]) !== 0,
  );
}

function extendedUsagesOf(extension: x509.ExtendedKeyUsageExtension | null): readonly string[] {
  return (extension?.usages ?? []).map((usage) => {
    const oid = String(usage);
    return Object.entries(EXTENDED_KEY_USAGES).find(([, known]) => known === oid)?.[0] ?? oid;
  });
}

function altName({ type, value }: x509.GeneralName): SubjectAltName | OtherAltName {
  if (type === "url") return { type: "uri", value };
  return type === "dns" || type === "ip" ? { type, value } : { type: "other", value };
}

/** Whether one certificate's key signed the other, and it says so. By OpenSSL, which is not the code that signs. */
export function isIssuedBy(certificate: Buffer, issuer: Buffer): boolean {
  const child = new X509Certificate(certificate);
  const parent = new X509Certificate(issuer);
  return child.checkIssued(parent) && child.verify(parent.publicKey);
}

/** Whether bytes are the certificate of an authority, of whatever kind else. */
export function isAuthority(der: Buffer): boolean {
  try {
    return new X509Certificate(der).ca;
  } catch {
    return false;
  }
}

/** A list of revoked certificates, as far as fairlead looks at it. */
export interface RevocationListContent {
  /** As a certificate's `subject`. */
  readonly issuer: string;
  /** Of the certificates on it, as `CertificateContent` has them. */
  readonly serialNumbers: readonly string[];
}

/**
 * Reads a revocation list. RFC 5280, section 5.
 * @throws CertificateError `certificate-file` when the bytes are none
 */
export function readRevocationList(der: Buffer): RevocationListContent {
  try {
    const list = new x509.X509Crl(der);
    return {
      issuer: list.issuer,
      serialNumbers: list.entries.map(({ serialNumber }) => serialNumber),
    };
  } catch (cause) {
    throw new CertificateError("certificate-file", "these bytes are no revocation list", { cause });
  }
}
