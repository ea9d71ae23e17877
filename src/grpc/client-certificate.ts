/** The certificate that a client shows, and those above it. */
import type { Duplex } from "node:stream";
import { type DetailedPeerCertificate, TLSSocket } from "node:tls";

/** See the top of this file; all in DER. */
export interface ClientCertificate {
  readonly certificate: Buffer;
  /** Who signed it, and so on up to the root that TLS found. */
  readonly authorities: readonly Buffer[];
}

/**
 * The certificate of a connection, if it leads to a root that the server trusted when it was made. Of a TLS session that is resumed
 * nothing is known but the certificate itself.
 */
export function clientCertificate(socket: Duplex): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // A client that shows no certificate has an empty one.
  const shown: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
  const [certificate, ...authorities] = chainOf(shown);
  return certificate && { certificate, authorities };
}

/** A certificate and those above it; a root is its own issuer. */
function chainOf({ raw, issuerCertificate }: Partial<DetailedPeerCertificate>): readonly Buffer[] {
  if (raw === undefined) return [];
  const isRoot = issuerCertificate === undefined || issuerCertificate.raw.equals(raw);
  return isRoot ? [raw] : [raw, ...chainOf(issuerCertificate)];
}
