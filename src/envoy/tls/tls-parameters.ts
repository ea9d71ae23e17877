/** The versions, cipher suites and curves of TLS: the mesh's, and those of single resources, which go before. */
import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import { knownCipherSuites, knownCurves } from "../../config/kinds/networking/tls-algorithms.js";
import type { TLSConfig } from "../../config/mesh-config/mesh-config-schema.js";
import type { TlsParametersJson } from "../api.js";

/** The cipher suites that Istio offers up to TLS 1.2; those of 1.3 are fixed. */
const CIPHER_SUITES = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-GCM-SHA256",
];

/**
 * The versions that clients speak. The mesh's minimum is for servers alone: a server outside of the mesh, or one without
 * sidecar, may have nothing newer.
 */
export const CLIENT_VERSIONS: TlsParametersJson = {
  tlsMinimumProtocolVersion: "TLSv1_2",
  // Envoy as a client stops at 1.2 unless told.
  tlsMaximumProtocolVersion: "TLSv1_3",
};

const VERSIONS: Readonly<Record<string, TlsParametersJson["tlsMinimumProtocolVersion"]>> = {
  TLSV1_0: "TLSv1_0",
  TLSV1_1: "TLSv1_1",
  TLSV1_2: "TLSv1_2",
  TLSV1_3: "TLSv1_3",
};

/** Of servers that take mutual TLS of the mesh. See Istio, MeshConfig.meshMTLS. */
export function meshServerParameters(meshMtls: TLSConfig | undefined): TlsParametersJson {
  const ciphers = knownCipherSuites(meshMtls?.cipherSuites);
  return {
    ...CLIENT_VERSIONS,
    ...minimumVersion(meshMtls?.minProtocolVersion),
    cipherSuites: ciphers.length > 0 ? [...ciphers] : CIPHER_SUITES,
  };
}

/** Of servers that take other TLS; empty leaves all to Envoy. See Istio, MeshConfig.tlsDefaults. */
export function serverParameters(
  tls: ServerTLSSettings,
  defaults: TLSConfig | undefined,
): TlsParametersJson {
  const maximum = VERSIONS[tls.maxProtocolVersion ?? ""];
  return {
    ...algorithms(defaults),
    ...minimumVersion(defaults?.minProtocolVersion),
    ...minimumVersion(tls.minProtocolVersion),
    ...(maximum === undefined ? {} : { tlsMaximumProtocolVersion: maximum }),
    ...cipherSuites(tls.cipherSuites),
  };
}

/** Of clients that speak other TLS. See Istio, MeshConfig.tlsDefaults. */
export function clientParameters(defaults: TLSConfig | undefined): TlsParametersJson {
  return { ...CLIENT_VERSIONS, ...algorithms(defaults) };
}

function minimumVersion(
  version: ServerTLSSettings["minProtocolVersion"],
): Pick<TlsParametersJson, "tlsMinimumProtocolVersion"> {
  const minimum = VERSIONS[version ?? ""];
  return minimum === undefined ? {} : { tlsMinimumProtocolVersion: minimum };
}

function cipherSuites(
  names: readonly string[] | undefined,
): Pick<TlsParametersJson, "cipherSuites"> {
  const known = knownCipherSuites(names);
  return known.length === 0 ? {} : { cipherSuites: [...known] };
}

function algorithms(
  config: TLSConfig | undefined,
): Pick<TlsParametersJson, "cipherSuites" | "ecdhCurves"> {
  const curves = knownCurves(config?.ecdhCurves);
  return {
    ...cipherSuites(config?.cipherSuites),
    ...(curves.length === 0 ? {} : { ecdhCurves: [...curves] }),
  };
}
