/** TLS between workloads of the mesh: both sides show a SPIFFE certificate and check the other's. */

import type { TLSConfig } from "../../config/mesh-config/mesh-config-schema.js";
import { any } from "../any.js";
import type {
  CertificateValidationContextJson,
  CommonTlsContextJson,
  DownstreamTlsContextJson,
  SdsSecretConfigJson,
  TransportSocketJson,
  UpstreamTlsContextJson,
} from "../api.js";
import { adsSecret } from "../config-source.js";
import { ROOT_SECRET, WORKLOAD_SECRET } from "../names.js";
import { matchSubjectAltNames } from "./subject-alt-names.js";
import { CLIENT_VERSIONS, meshServerParameters } from "./tls-parameters.js";

/** The name of the TLS transport socket. */
const TLS_SOCKET = "envoy.transport_sockets.tls";

/**
 * What a client offers by ALPN to say "this is mesh traffic", by the protocol of the connection. A server of the mesh
 * picks its filter chain by these names and the codec by the common one. Never `istio-peer-exchange`: it would be
 * negotiated, and a core Envoy does not speak it.
 */
export const MESH_ALPN = {
  http1: ["istio-http/1.1", "istio", "http/1.1"],
  http2: ["istio-h2", "istio", "h2"],
  /** HTTP of the version that the caller speaks: nothing common is negotiated, so the server looks at the first bytes. */
  callersHttp: ["istio-http/1.1", "istio"],
  tcp: ["istio"],
} as const;

/** The names by which a server knows HTTP of the mesh, and any traffic of the mesh. */
export const MESH_HTTP_ALPN = ["istio-http/1.0", "istio-http/1.1", "istio-h2"] as const;
export const MESH_ANY_ALPN = ["istio-peer-exchange", "istio", ...MESH_HTTP_ALPN] as const;

/** A transport socket of TLS. */
export function tlsSocket(
  context:
    | { readonly downstream: DownstreamTlsContextJson }
    | { readonly upstream: UpstreamTlsContextJson },
): TransportSocketJson {
  const prefix = "envoy.extensions.transport_sockets.tls.v3";
  return {
    name: TLS_SOCKET,
    typedConfig:
      "downstream" in context
        ? any(`${prefix}.DownstreamTlsContext`, context.downstream)
        : any(`${prefix}.UpstreamTlsContext`, context.upstream),
  };
}

/** A transport socket without TLS. */
export function plaintextSocket(): TransportSocketJson {
  return {
    name: "envoy.transport_sockets.raw_buffer",
    typedConfig: any("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer", {}),
  };
}

/** What the mesh says of the TLS of its servers. */
export interface ServerTlsPolicy {
  /** Whose workloads may call by mutual TLS of the mesh. */
  readonly trustDomains: readonly string[];
  readonly meshMTLS: TLSConfig | undefined;
  readonly tlsDefaults: TLSConfig | undefined;
}

/** What callers have to show, and the secret of the roots that signed for them. */
interface CallerCheck {
  readonly match?: CertificateValidationContextJson;
  readonly roots?: SdsSecretConfigJson;
}

/**
 * The side that accepts: any workload of the given trust domains may call, and must show its certificate. `match` says more
 * of the certificates, or names others.
 */
export function inboundMutualTls(
  { trustDomains, meshMTLS }: ServerTlsPolicy,
  alpn: readonly string[],
  { match = {}, roots = adsSecret(ROOT_SECRET) }: CallerCheck = {},
): DownstreamTlsContextJson {
  return {
    commonTlsContext: {
      tlsParams: meshServerParameters(meshMTLS),
      tlsCertificateSdsSecretConfigs: [adsSecret(WORKLOAD_SECRET)],
      combinedValidationContext: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: anyWorkloadOf(trustDomains),
          ...match,
        },
        validationContextSdsSecretConfig: roots,
      },
      ...(alpn.length > 0 ? { alpnProtocols: [...alpn] } : {}),
    },
    requireClientCertificate: true,
  };
}

/** What the calling side wants of the other. */
export interface MutualTlsClient {
  readonly sni: string;
  readonly alpn: readonly string[];
  /** The identities, or other names, of which the server must have one; none accepts every workload of these trust domains. */
  readonly identities: readonly string[];
  readonly trustDomains: readonly string[];
}

/** Names that every workload of these trust domains has one of. */
function anyWorkloadOf(
  trustDomains: readonly string[],
): NonNullable<CertificateValidationContextJson["matchTypedSubjectAltNames"]> {
  return trustDomains.map((domain) => ({
    sanType: "URI",
    matcher: { prefix: `spiffe://${domain}/` },
  }));
}

/** The side that calls: it shows its certificate, and the server must be one of the expected identities. */
export function outboundMutualTls({
  sni,
  alpn,
  identities,
  trustDomains,
}: MutualTlsClient): UpstreamTlsContextJson {
  const common: CommonTlsContextJson = {
    tlsParams: CLIENT_VERSIONS,
    tlsCertificateSdsSecretConfigs: [adsSecret(WORKLOAD_SECRET)],
    combinedValidationContext: {
      defaultValidationContext: {
        matchTypedSubjectAltNames: anyWorkloadOf(trustDomains),
        ...matchSubjectAltNames(identities),
      },
      validationContextSdsSecretConfig: adsSecret(ROOT_SECRET),
    },
    alpnProtocols: [...alpn],
  };
  return { commonTlsContext: common, ...(sni === "" ? {} : { sni }) };
}
