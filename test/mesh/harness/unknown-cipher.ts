/**
 * What an EnvoyFilter merges into a cluster, or into a filter chain of a listener, for TLS with a cipher that there is not: the names in it
 * are not looked at before Envoy has them.
 */
export const unknownCipher = (side: "Upstream" | "Downstream"): string =>
  `{ transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
            "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${side}TlsContext,
            common_tls_context: { tls_params: { cipher_suites: [NO-SUCH-CIPHER] } } } } }`;
