import { Flag, list, oneOf, optional, strict, Text, type ValueOf } from "./fields.js";

/** How a client speaks TLS with a service (Istio's ClientTLSSettings). */
export const ClientTLSSettings = strict({
  mode: optional(oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")),
  clientCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
  credentialName: optional(Text),
  subjectAltNames: optional(list(Text)),
  sni: optional(Text),
  insecureSkipVerify: optional(Flag),
  caCrl: optional(Text),
});
export type ClientTLSSettings = ValueOf<typeof ClientTLSSettings>;
