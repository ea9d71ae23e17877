/** TLS of a gateway's servers with clients outside of the mesh. */
import type { Server } from "../config/kinds/gateway.js";
import type { ServerTLSSettings } from "../config/kinds/server-tls-settings.js";
import type {
  CertificateValidationContextJson,
  CommonTlsContextJson,
  DownstreamTlsContextJson,
} from "./api.js";
import {
  certificatesOfFiles,
  clientRootFiles,
  rootsOfFiles,
  serverCertificateFiles,
} from "./certificate-files.js";
import { certificateNames } from "./certificate-names.js";
import { adsCredential } from "./config-source.js";
import { inboundMutualTls, type ServerTlsPolicy } from "./mutual-tls.js";
import { rootsSecretName, secretName } from "./secret-names.js";
import { serverParameters } from "./tls-parameters.js";

/** The protocols that servers agree on: what is in TLS that ends here is mostly HTTP, also where it is passed on as bytes. */
const ALPN = ["h2", "http/1.1"];

function parameters(
  tls: ServerTLSSettings,
  defaults: ServerTlsPolicy["tlsDefaults"],
): Pick<CommonTlsContextJson, "tlsParams"> {
  const tlsParams = serverParameters(tls, defaults);
  return Object.keys(tlsParams).length === 0 ? {} : { tlsParams };
}

/** The credentials of a server by name; several are of different key types. */
export function credentialNames(tls: ServerTLSSettings): readonly string[] {
  if (tls.credentialNames !== undefined && tls.credentialNames.length > 0)
    return tls.credentialNames;
  return tls.credentialName === undefined || tls.credentialName === "" ? [] : [tls.credentialName];
}

function certificates(tls: ServerTLSSettings): CommonTlsContextJson {
  const names = credentialNames(tls);
  if (names.length > 0) {
    return {
      tlsCertificateSdsSecretConfigs: names.map((name) => adsCredential(secretName(name))),
    };
  }
  return certificatesOfFiles(serverCertificateFiles(tls));
}

const asksForCertificate = (tls: ServerTLSSettings): boolean =>
  tls.mode === "MUTUAL" || tls.mode === "OPTIONAL_MUTUAL";

/**
 * Which of the certificates that roots of elsewhere signed are taken, and which of them no longer: of a list in a file Envoy takes
 * another content only with other roots.
 */
function certificateMatch(tls: ServerTLSSettings): CertificateValidationContextJson {
  const { caCrl = "" } = tls;
  return {
    ...certificateNames(tls.subjectAltNames ?? []),
    ...(caCrl === "" ? {} : { crl: { filename: caCrl } }),
  };
}

function clientValidation(tls: ServerTLSSettings): CommonTlsContextJson {
  if (!asksForCertificate(tls)) return {};
  const pins = {
    ...(tls.verifyCertificateSpki === undefined
      ? {}
      : { verifyCertificateSpki: [...tls.verifyCertificateSpki] }),
    ...(tls.verifyCertificateHash === undefined
      ? {}
      : { verifyCertificateHash: [...tls.verifyCertificateHash] }),
  };
  const { caCertCredentialName = "" } = tls;
  const credential = caCertCredentialName === "" ? credentialNames(tls)[0] : caCertCredentialName;
  if (credential !== undefined) {
    return {
      combinedValidationContext: {
        defaultValidationContext: { ...certificateMatch(tls), ...pins },
        validationContextSdsSecretConfig: adsCredential(rootsSecretName(credential)),
      },
    };
  }
  const names = certificateNames(tls.subjectAltNames ?? []);
  return rootsOfFiles(clientRootFiles(tls), { ...names, ...pins });
}

/** Whether a server's TLS ends at the gateway: without a mode it is passed through. See Istio, ServerTLSSettings.mode. */
export function terminatesTls({ tls }: Server): boolean {
  const { mode = "PASSTHROUGH" } = tls ?? {};
  return mode !== "PASSTHROUGH" && mode !== "AUTO_PASSTHROUGH";
}

/** The TLS of a server that terminates it. See Istio, ServerTLSSettings and BuildListenerTLSContext. */
export function gatewayTls(
  tls: ServerTLSSettings,
  policy: ServerTlsPolicy,
): DownstreamTlsContextJson {
  if (tls.mode === "ISTIO_MUTUAL") return inboundMutualTls(policy, ALPN, certificateMatch(tls));
  return {
    commonTlsContext: {
      ...parameters(tls, policy.tlsDefaults),
      ...certificates(tls),
      ...clientValidation(tls),
      alpnProtocols: ALPN,
    },
    requireClientCertificate: tls.mode === "MUTUAL",
  };
}
