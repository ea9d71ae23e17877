/**
 * The identity of control planes, by which those of one mesh know each other. Its path is none of a workload, so that no token and
 * no agent's request can have it certified, whatever they are for. See SPIFFE-ID, section 2.
 */

import { CertificateError } from "../ca-error.js";
import type { AuthenticatorOptions } from "../caller/authenticate.js";
import type { CertificateContent } from "../certificate/x509.js";
import { readCertificate } from "../certificate/x509.js";

const PATH = "/control-plane";

/** `spiffe://cluster.local/control-plane`. */
export function controlPlaneId(trustDomain: string): string {
  return `spiffe://${trustDomain}${PATH}`;
}

/** By what a control plane proved that it is one. */
export interface ControlPlaneProof {
  readonly method: "certificate";
  /** When its certificate ends, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Its serial number. */
  readonly evidence: string;
}

/** The proof, or why there is none: what is for our log, and never a secret. */
export type ControlPlaneCheck =
  | { readonly proof: ControlPlaneProof }
  | { readonly problem: string };

/**
 * Whether a certificate is that of a control plane of this mesh.
 * @param der of a client whose chain TLS verified up to one of our roots; undefined when it showed none
 */
export function checkControlPlane(
  der: Buffer | undefined,
  options: Pick<AuthenticatorOptions, "authority" | "trustDomainAliases" | "revoked" | "now">,
): ControlPlaneCheck {
  const { authority, trustDomainAliases = [], revoked, now } = options;
  if (der === undefined) return { problem: "no certificate of this mesh's authority" };
  const content = contentOf(der);
  if (content === undefined) return { problem: "a certificate that cannot be read" };
  const { serialNumber, notBefore, notAfter, extendedKeyUsages } = content;
  const ids = content.subjectAltNames.flatMap(({ type, value }) => (type === "uri" ? [value] : []));
  const known = [authority.trustDomain, ...trustDomainAliases].map(controlPlaneId);
  // SPIFFE X509-SVID, section 2: exactly one URI.
  if (ids.length !== 1 || !known.includes(ids[0] ?? "")) {
    const whose = ids.length === 0 ? "nobody of the mesh" : ids.join(", ");
    return { problem: `${serialNumber} is that of ${whose}` };
  }
  if (content.authority !== undefined || !extendedKeyUsages.includes("clientAuth")) {
    return { problem: `${serialNumber} is not for clients` };
  }
  if (now() < notBefore || now() >= notAfter) return { problem: `${serialNumber} has expired` };
  if (revoked?.(serialNumber) === true) return { problem: `${serialNumber} is revoked` };
  return { proof: { method: "certificate", expiresAt: notAfter, evidence: serialNumber } };
}

function contentOf(der: Buffer): CertificateContent | undefined {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}
