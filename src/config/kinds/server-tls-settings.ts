import { Flag, list, oneOf, optional, strict, Text, type ValueOf } from "./fields.js";

/** A certificate by its files. */
export const TLSCertificate = strict({
  serverCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
});
export type TLSCertificate = ValueOf<typeof TLSCertificate>;

const TLSProtocol = oneOf("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3");

/** How a server of a Gateway or a Sidecar speaks TLS with its clients (Istio's ServerTLSSettings). */
export const ServerTLSSettings = strict({
  httpsRedirect: optional(Flag),
  mode: optional(
    oneOf("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
  ),
  serverCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
  caCrl: optional(Text),
  credentialName: optional(Text),
  credentialNames: optional(list(Text)),
  caCertCredentialName: optional(Text),
  tlsCertificates: optional(list(TLSCertificate)),
  subjectAltNames: optional(list(Text)),
  verifyCertificateSpki: optional(list(Text)),
  verifyCertificateHash: optional(list(Text)),
  minProtocolVersion: optional(TLSProtocol),
  maxProtocolVersion: optional(TLSProtocol),
  cipherSuites: optional(list(Text)),
});
export type ServerTLSSettings = ValueOf<typeof ServerTLSSettings>;
