/** TLS of a gateway's servers with clients outside of the mesh. */
import type { Server } from "../../config/kinds/networking/gateway.js";
import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import type {
  CertificateValidationContextJson,
  CommonTlsContextJson,
  DownstreamTlsContextJson,
} from "../api.js";
import { adsCredential } from "../config-source.js";
import { ROOT_SECRET } from "../names.js";
import {
  certificatesOfFiles,
  clientRootFiles,
  rootsOfFiles,
  serverCertificateFiles,
} from "./certificate-files.js";
import { certificateSecret, rootsSecret } from "./credential-secrets.js";
import { listedRootsName } from "./mesh-roots.js";
import { inboundMutualTls, type ServerTlsPolicy } from "./mutual-tls.js";
import { matchSubjectAltNames } from "./subject-alt-names.js";
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
    return { tlsCertificateSdsSecretConfigs: names.map(certificateSecret) };
  }
  return certificatesOfFiles(serverCertificateFiles(tls));
}

const asksForCertificate = (tls: ServerTLSSettings): boolean =>
  tls.mode === "MUTUAL" || tls.mode === "OPTIONAL_MUTUAL";

/** Of the certificates that the roots signed, those that are taken. */
const certificateMatch = (tls: ServerTLSSettings): CertificateValidationContextJson =>
  matchSubjectAltNames(tls.subjectAltNames ?? []);

/** The credential by whose roots a server checks its clients; undefined where it has another way, or does not check them. */
export function rootsCredential(tls: ServerTLSSettings): string | undefined {
  if (!asksForCertificate(tls)) return undefined;
  const { caCertCredentialName = "" } = tls;
  return caCertCredentialName === "" ? credentialNames(tls)[0] : caCertCredentialName;
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
  const match = { ...certificateMatch(tls), ...pins };
  const credential = rootsCredential(tls);
  if (credential === undefined) return rootsOfFiles(clientRootFiles(tls), match);
  return {
    combinedValidationContext: {
      defaultValidationContext: match,
      validationContextSdsSecretConfig: rootsSecret(credential, tls.caCrl),
    },
  };
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
  if (tls.mode === "ISTIO_MUTUAL") {
    const { caCrl = "" } = tls;
    const match = certificateMatch(tls);
    if (caCrl === "") return inboundMutualTls(policy, ALPN, { match });
    const roots = adsCredential(listedRootsName(ROOT_SECRET, caCrl));
    return inboundMutualTls(policy, ALPN, { match, roots });
  }
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
