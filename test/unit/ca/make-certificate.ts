import {
  type CertificateTemplate,
  rootTemplate,
  workloadTemplate,
} from "../../../src/ca/certificate/certificate-template.js";
import { certificatePem } from "../../../src/ca/certificate/pem.js";
import {
  generateKeyPair,
  type Issuer,
  privateKeyPem,
  signCertificate,
} from "../../../src/ca/certificate/x509.js";

const HOUR = 3_600_000;
const SERIAL = new Uint8Array(16).fill(9);

/** A certificate with its key, and itself as who may sign others. */
export interface MadeCertificate {
  readonly der: Buffer;
  readonly pem: string;
  readonly keyPem: string;
  readonly issuer: Issuer;
}

/** What a workload's certificate says, with changes. */
export function leafTemplate(changed: Partial<CertificateTemplate> = {}): CertificateTemplate {
  const identity = {
    trustDomain: "cluster.local",
    namespace: "default",
    serviceAccount: "payments",
  };
  const now = Date.now();
  const parameters = { now, ttlMs: HOUR, serial: SERIAL };
  const authorityNotAfter = Number.POSITIVE_INFINITY;
  const leaf = { ...parameters, authorityNotAfter, keyType: "P-256" } as const;
  return { ...workloadTemplate(identity, leaf), ...changed };
}

/** What an authority's certificate says, with changes. */
export function authorityTemplate(changed: Partial<CertificateTemplate> = {}): CertificateTemplate {
  const parameters = { now: Date.now(), ttlMs: 100 * HOUR, serial: SERIAL };
  return { ...rootTemplate("cluster.local", parameters), ...changed };
}

/** Signs a certificate, by itself when there is no issuer. */
export async function makeCertificate(
  template: CertificateTemplate,
  issuer?: Issuer,
): Promise<MadeCertificate> {
  const keys = await generateKeyPair("P-256");
  const der = await signCertificate(template, {
    publicKey: keys.publicKey,
    issuer: issuer ?? keys,
  });
  const keyPem = (await privateKeyPem(keys.privateKey)).reveal();
  const pem = certificatePem(der);
  return { der, pem, keyPem, issuer: { privateKey: keys.privateKey, certificate: der } };
}
