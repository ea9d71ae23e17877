/**
 * Certificates in files of the proxy's machine, which proxies are told as secrets: Envoy watches the files of a secret, and
 * takes the new ones when they are renewed, where it reads those that a listener or cluster names itself only once.
 */
import type { ClientTLSSettings } from "../config/kinds/client-tls-settings.js";
import type { ServerTLSSettings, TLSCertificate } from "../config/kinds/server-tls-settings.js";
import type { CommonTlsContextJson, SecretJson } from "./api.js";
import { adsCredential } from "./config-source.js";

/** A certificate chain and its key, by their paths. */
interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The name of the secret with a certificate of files. See Istio, SdsCertificateConfig.GetResourceName. */
const certificateName = ({ certificate, key }: CertificateFiles): string =>
  `file-cert:${certificate}~${key}`;

/** The name of the secret with the roots of a file. See Istio, SdsCertificateConfig.GetRootResourceName. */
const rootsName = (file: string): string => `file-root:${file}`;

function certificateSecret(files: CertificateFiles): SecretJson {
  return {
    name: certificateName(files),
    tlsCertificate: {
      certificateChain: { filename: files.certificate },
      privateKey: { filename: files.key },
    },
  };
}

const rootsSecret = (file: string): SecretJson => ({
  name: rootsName(file),
  validationContext: { trustedCa: { filename: file } },
});

/** Shows certificates of files. */
export function certificatesOfFiles(files: readonly CertificateFiles[]): CommonTlsContextJson {
  return {
    tlsCertificateSdsSecretConfigs: files.map((one) => adsCredential(certificateName(one))),
  };
}

/** Takes the certificates that the roots of a file signed, and that `match` lets through. */
export function rootsOfFile(
  file: string,
  match: NonNullable<CommonTlsContextJson["validationContext"]>,
): CommonTlsContextJson {
  return {
    combinedValidationContext: {
      defaultValidationContext: match,
      validationContextSdsSecretConfig: adsCredential(rootsName(file)),
    },
  };
}

/** A setting that says something: the empty text is as good as none. */
const isGiven = (text: string | undefined): text is string => text !== undefined && text !== "";

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

function secretsOf(
  certificates: readonly CertificateFiles[],
  roots: string | undefined,
): readonly SecretJson[] {
  return [
    ...certificates
      .filter(({ certificate, key }) => certificate !== "" && key !== "")
      .map(certificateSecret),
    ...(isGiven(roots) ? [rootsSecret(roots)] : []),
  ];
}

/** The secrets with the files that a server names. */
export function serverFileSecrets(tls: ServerTLSSettings): readonly SecretJson[] {
  return secretsOf(serverCertificateFiles(tls), tls.caCertificates);
}

/** The secrets with the files that a client names. */
export function clientFileSecrets(tls: ClientTLSSettings): readonly SecretJson[] {
  const { caCertificates: roots } = tls;
  return secretsOf([clientCertificateFiles(tls)], roots === "system" ? undefined : roots);
}
