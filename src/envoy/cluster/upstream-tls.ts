import { given } from "../../base/defined.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import type { TLSConfig } from "../../config/mesh-config/mesh-config-schema.js";
import type {
  ClusterJson,
  CommonTlsContextJson,
  TransportSocketJson,
  UpstreamTlsContextJson,
} from "../api.js";
import {
  certificatesOfFiles,
  clientCertificateFiles,
  rootsOfFiles,
  SYSTEM_ROOTS,
  serverRootFiles,
} from "../tls/certificate-files.js";
import { certificateSecret, rootsSecret } from "../tls/credential-secrets.js";
import { outboundMutualTls, plaintextSocket, tlsSocket } from "../tls/mutual-tls.js";
import { matchSubjectAltNames } from "../tls/subject-alt-names.js";
import { clientParameters } from "../tls/tls-parameters.js";

/** What decides how the endpoints of a cluster are called. */
export interface UpstreamTlsInput {
  /** The rule's settings; undefined leaves the choice to us. */
  readonly settings: ClientTLSSettings | undefined;
  readonly external: boolean;
  readonly autoMtls: boolean;
  /** The service's namespace is called in plaintext as a whole: no endpoint takes mutual TLS. */
  readonly plaintext: boolean;
  /** Which endpoints take mutual TLS: each says so itself, or, where callers bring the address, all or none. */
  readonly meshTls: "by-endpoint" | "all" | "none";
  readonly sni: string;
  readonly alpn: readonly string[];
  /** ALPN of TLS that the application's servers speak, by HTTP version. */
  readonly applicationAlpn: readonly string[];
  /** The SPIFFE identities of the service's workloads. */
  readonly identities: readonly string[];
  /** The names that the service's own resource, and its endpoints, say that its servers show. */
  readonly declaredNames: readonly string[];
  /** A file with the roots that its servers' certificates lead to; those of the operating system when undefined. */
  readonly serverRoots: string | undefined;
  /** Of the mesh, for services of which no identity is known. */
  readonly trustDomains: readonly string[];
  /** What the mesh says of TLS that is not its own. */
  readonly defaults: TLSConfig | undefined;
  /** By which the client shows itself where the settings do not say by which. */
  readonly credential?: string | undefined;
}

type TransportSockets = Pick<ClusterJson, "transportSocket" | "transportSocketMatches">;

function meshContext(input: UpstreamTlsInput): UpstreamTlsContextJson {
  const names = input.settings?.subjectAltNames ?? [];
  return outboundMutualTls({
    sni: given(input.settings?.sni) ?? input.sni,
    alpn: input.alpn,
    identities: names.length > 0 ? names : input.identities,
    trustDomains: input.trustDomains,
  });
}

/** Endpoints that have a sidecar are called by mutual TLS, the others in plaintext. */
function autoMutualTls(input: UpstreamTlsInput): TransportSockets {
  if (!input.autoMtls || input.external || input.plaintext) return {};
  if (input.meshTls === "none") return {};
  if (input.meshTls === "all") {
    return { transportSocket: tlsSocket({ upstream: meshContext(input) }) };
  }
  return {
    transportSocketMatches: [
      {
        name: "tlsMode-istio",
        match: { tlsMode: "istio" },
        transportSocket: tlsSocket({ upstream: meshContext(input) }),
      },
      { name: "tlsMode-disabled", match: {}, transportSocket: plaintextSocket() },
    ],
  };
}

/** TLS that the servers of the application, or outside of the mesh, speak themselves. */
function originated(input: UpstreamTlsInput, settings: ClientTLSSettings): UpstreamTlsContextJson {
  const named = settings.subjectAltNames ?? [];
  const validation = matchSubjectAltNames(named.length > 0 ? named : input.declaredNames);
  const common: CommonTlsContextJson = {
    tlsParams: clientParameters(input.defaults),
    ...clientCertificate(settings, input.credential),
    ...(settings.insecureSkipVerify === true
      ? {}
      : serverValidation(settings, validation, input.serverRoots)),
    ...(input.applicationAlpn.length > 0 ? { alpnProtocols: [...input.applicationAlpn] } : {}),
  };
  const sni = given(settings.sni);
  return { commonTlsContext: common, ...(sni === undefined ? {} : { sni }) };
}

function clientCertificate(
  settings: ClientTLSSettings,
  own: string | undefined,
): CommonTlsContextJson {
  const isMutual = settings.mode === "MUTUAL";
  const credential = isMutual ? given(settings.credentialName) : own;
  if (credential !== undefined) {
    return { tlsCertificateSdsSecretConfigs: [certificateSecret(credential)] };
  }
  return isMutual ? certificatesOfFiles([clientCertificateFiles(settings)]) : {};
}

function serverValidation(
  settings: ClientTLSSettings,
  validation: object,
  serverRoots: string = SYSTEM_ROOTS,
): CommonTlsContextJson {
  const credential = given(settings.credentialName);
  if (credential !== undefined) {
    return {
      combinedValidationContext: {
        defaultValidationContext: validation,
        validationContextSdsSecretConfig: rootsSecret(credential),
      },
    };
  }
  const files = serverRootFiles(settings);
  return files === undefined
    ? { validationContext: { ...validation, trustedCa: { filename: serverRoots } } }
    : rootsOfFiles(files, validation);
}

/**
 * TLS to a server outside of the mesh, which shows a certificate for its name, or its IP address, that the operating system's
 * roots signed. An address is no name for SNI (RFC 6066, section 3).
 */
export function serverTls(host: string, defaults: TLSConfig | undefined): TransportSocketJson {
  const isAddress = isIpAddress(host);
  const sanType = isAddress ? ("IP_ADDRESS" as const) : ("DNS" as const);
  const validation = {
    trustedCa: { filename: SYSTEM_ROOTS },
    matchTypedSubjectAltNames: [{ sanType, matcher: { exact: host } }],
  };
  return tlsSocket({
    upstream: {
      commonTlsContext: { tlsParams: clientParameters(defaults), validationContext: validation },
      ...(isAddress ? {} : { sni: host }),
    },
  });
}

/**
 * TLS to servers outside of the mesh of which nothing is known but what settings of the mesh say, which name files on the
 * machines of the proxies. See Istio, ClientTLSSettings.
 */
export function unknownServerTls(
  settings: ClientTLSSettings,
  defaults: TLSConfig | undefined,
): TransportSocketJson {
  const { roots = SYSTEM_ROOTS, revoked } = serverRootFiles(settings) ?? {};
  const { certificate, key } = clientCertificateFiles(settings);
  const sni = given(settings.sni);
  const common: CommonTlsContextJson = {
    tlsParams: clientParameters(defaults),
    ...(settings.mode === "MUTUAL"
      ? {
          tlsCertificates: [
            { certificateChain: { filename: certificate }, privateKey: { filename: key } },
          ],
        }
      : {}),
    ...(settings.insecureSkipVerify === true
      ? {}
      : {
          validationContext: {
            trustedCa: { filename: roots },
            ...(revoked === undefined ? {} : { crl: { filename: revoked } }),
            ...matchSubjectAltNames(settings.subjectAltNames ?? []),
          },
        }),
  };
  return tlsSocket({
    upstream: { commonTlsContext: common, ...(sni === undefined ? {} : { sni }) },
  });
}

/** The transport sockets of a cluster. See Istio, ClientTLSSettings, and "Auto mutual TLS". */
export function upstreamTls(input: UpstreamTlsInput): TransportSockets {
  const { settings } = input;
  switch (settings?.mode) {
    case "ISTIO_MUTUAL":
      return { transportSocket: tlsSocket({ upstream: meshContext(input) }) };
    case "SIMPLE":
    case "MUTUAL":
      return { transportSocket: tlsSocket({ upstream: originated(input, settings) }) };
    case "DISABLE":
      return {};
    case undefined:
      return autoMutualTls(input);
  }
}
