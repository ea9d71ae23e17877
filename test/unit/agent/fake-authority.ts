/** An authority that certifies what an agent asks, for as long as a test says. */

import { type Identity, readIdentity } from "../../../src/agent/identity.js";
import { keyOfRequest } from "../../../src/ca/certificate/certificate-request.js";
import {
  BACKDATE_MS,
  type CertificateTemplate,
} from "../../../src/ca/certificate/certificate-template.js";
import { certificatePem } from "../../../src/ca/certificate/pem.js";
import { signCertificate } from "../../../src/ca/certificate/x509.js";
import { redact } from "../../../src/ca/redacted.js";
import {
  authorityTemplate,
  leafTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../ca/make-certificate.js";

/** Whom all of them are. */
export const PAYMENTS = { namespace: "default", serviceAccount: "payments" };

/** Whole seconds, which certificates have. */
export const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** From when until when a certificate is good that is issued then. */
export const lifeOf = (
  issuedAt: number,
  ttlMs: number,
): Pick<CertificateTemplate, "notBefore" | "notAfter"> => ({
  notBefore: wholeSeconds(issuedAt) - BACKDATE_MS,
  notAfter: wholeSeconds(issuedAt) + ttlMs,
});

/** A root, and what it signs. */
export interface FakeAuthority {
  readonly root: MadeCertificate;
  /** Certifies the key of a request. PEM. */
  readonly certify: (csr: string, template: Partial<CertificateTemplate>) => Promise<string>;
  /** A key with its certificate. */
  readonly issue: (template?: Partial<CertificateTemplate>) => Promise<Identity>;
}

export async function fakeAuthority(name = "one"): Promise<FakeAuthority> {
  const root = await makeCertificate(authorityTemplate({ subject: `O=cluster.local, CN=${name}` }));
  return {
    root,
    certify: async (csr, template) => {
      const { publicKey } = await keyOfRequest(csr);
      const parts = { publicKey, issuer: root.issuer };
      return certificatePem(await signCertificate(leafTemplate(template), parts));
    },
    issue: async (template) => {
      const { pem, keyPem } = await makeCertificate(leafTemplate(template), root.issuer);
      return readIdentity(pem, redact(keyPem));
    },
  };
}
