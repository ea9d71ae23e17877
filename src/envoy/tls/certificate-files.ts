/**
 * Certificates in files on the proxy's machine. They are sent as secrets that name the files, because Envoy watches the files of a
 * secret and takes them when they are renewed; files that a listener or cluster names it reads only once.
 */

import { given } from "../../base/defined.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type {
  ServerTLSSettings,
  TLSCertificate,
} from "../../config/kinds/networking/server-tls-settings.js";
import type { CommonTlsContextJson, SecretJson } from "../api.js";
import { adsCredential } from "../config-source.js";
import { meshRootsList } from "./mesh-roots.js";

/** A certificate chain and its key, by their paths. */
interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The name of the secret with a certificate of files. See Istio, SdsCertificateConfig.GetResourceName. */
const certificateName = ({ certificate, key }: CertificateFiles): string =>
  `file-cert:${certificate}~${key}`;

/** Roots, and a list of certificates of theirs that are taken no longer, by their paths. */
export interface RootFiles {
  readonly roots: string;
  readonly revoked?: string;
}

/**
 * The name of the secret with the roots of a file. See Istio, SdsCertificateConfig.GetRootResourceName. Those with a list are other
 * roots than those without.
 */
const rootsName = ({ roots, revoked }: RootFiles): string =>
  revoked === undefined ? `file-root:${roots}` : `file-root:${roots}~${revoked}`;

function certificateSecret(files: CertificateFiles): SecretJson {
  return {
    name: certificateName(files),
    tlsCertificate: {
      certificateChain: { filename: files.certificate },
      privateKey: { filename: files.key },
    },
  };
}

const rootsSecret = (files: RootFiles): SecretJson => ({
  name: rootsName(files),
  validationContext: {
    trustedCa: { filename: files.roots },
    ...(files.revoked === undefined ? {} : { crl: { filename: files.revoked } }),
  },
});

/** Shows certificates of files. */
export function certificatesOfFiles(files: readonly CertificateFiles[]): CommonTlsContextJson {
  return {
    tlsCertificateSdsSecretConfigs: files.map((one) => adsCredential(certificateName(one))),
  };
}

/** Takes the certificates that the roots of a file signed and have not revoked, and that `match` lets through. */
export function rootsOfFiles(
  files: RootFiles,
  match: NonNullable<CommonTlsContextJson["validationContext"]>,
): CommonTlsContextJson {
  return {
    combinedValidationContext: {
      defaultValidationContext: match,
      validationContextSdsSecretConfig: adsCredential(rootsName(files)),
    },
  };
}

/** The certificates that a server names by their files, of different key types when there are several. */
export function serverCertificateFiles(tls: ServerTLSSettings): readonly CertificateFiles[] {
  const { tlsCertificates = [] } = tls;
  const all: readonly TLSCertificate[] = tlsCertificates.length > 0 ? tlsCertificates : [tls];
  return all.map(({ serverCertificate: certificate = "", privateKey: key = "" }) => ({
    certificate,
    key,
  }));
}

/** The certificate that a client names by its files. */
export function clientCertificateFiles(tls: ClientTLSSettings): CertificateFiles {
  return { certificate: tls.clientCertificate ?? "", key: tls.privateKey ?? "" };
}

/** Where most distributions keep the roots that the operating system trusts. */
export const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

/** The files by which a server checks its clients. */
export function clientRootFiles({ caCertificates, caCrl }: ServerTLSSettings): RootFiles {
  return rootFiles(caCertificates ?? "", caCrl);
}

/**
 * The files by which a client checks a server; undefined for the roots of the operating system alone, which no secret is needed
 * for: they are replaced with all else of it.
 */
export function serverRootFiles({
  caCertificates,
  caCrl,
}: ClientTLSSettings): RootFiles | undefined {
  const roots = given(caCertificates) ?? "system";
  if (roots !== "system") return rootFiles(roots, caCrl);
  return given(caCrl) === undefined ? undefined : rootFiles(SYSTEM_ROOTS, caCrl);
}

const rootFiles = (roots: string, revoked = ""): RootFiles =>
  revoked === "" ? { roots } : { roots, revoked };

function secretsOf(
  certificates: readonly CertificateFiles[],
  files: RootFiles | undefined,
): readonly SecretJson[] {
  return [
    ...certificates
      .filter(({ certificate, key }) => certificate !== "" && key !== "")
      .map(certificateSecret),
    ...(files === undefined || files.roots === "" ? [] : [rootsSecret(files)]),
  ];
}

/** The secrets with the files that a server names. */
export function serverFileSecrets(tls: ServerTLSSettings): readonly SecretJson[] {
  const { mode, caCrl = "" } = tls;
  if (mode === "ISTIO_MUTUAL") return caCrl === "" ? [] : [meshRootsList(caCrl)];
  return secretsOf(serverCertificateFiles(tls), clientRootFiles(tls));
}

/** The secrets with the files that a client names. */
export function clientFileSecrets(tls: ClientTLSSettings): readonly SecretJson[] {
  return secretsOf([clientCertificateFiles(tls)], serverRootFiles(tls));
}
