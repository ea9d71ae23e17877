/**
 * What a proxy shows its control plane while it has no certificate from its stream: a join token, or the certificate that an
 * agent keeps in files. Either is a part of the bootstrap: a way to trust the server, filters and secrets.
 */
import { any } from "../any.js";
import type {
  CertificateValidationContextJson,
  CommonTlsContextJson,
  HttpFilterJson,
  SdsSecretConfigJson,
  SecretJson,
} from "../api.js";

/** PEM text of root certificates, or the file that has it. */
export type RootCertificates = { readonly inline: string } | { readonly file: string };

/**
 * The join token: in the bootstrap itself; in a file that holds it alone, read once; or in a file of Envoy's own form
 * (see `buildJoinTokenFile`), which can be replaced while Envoy runs and is read again.
 */
export type JoinToken =
  | { readonly inline: string }
  | { readonly file: string }
  | { readonly secretFile: string };

/**
 * Files of Envoy's own form, which an agent replaces by others while Envoy runs: with the proxy's key and certificate (see
 * `buildIdentityFile`), and with the roots that it trusts (see `buildRootsFile`).
 */
export interface IdentityFiles {
  readonly certificate: string;
  readonly roots: string;
}

/** By what a proxy joins. */
export type JoinCredential =
  | { readonly token: JoinToken; readonly rootCertificates: RootCertificates }
  | { readonly identity: IdentityFiles };

/** What a credential puts into a bootstrap. */
export interface Joining {
  /** TLS to the control plane, whose certificate has one of these names. */
  readonly tls: (names: CertificateValidationContextJson) => CommonTlsContextJson;
  /** Of the cluster that carries the stream. */
  readonly filters: readonly HttpFilterJson[];
  /** Of the bootstrap. */
  readonly secrets: readonly SecretJson[];
}

const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";
const TOKEN_SECRET = "join-token";
// Not the names of those from the stream, so that a dump tells them apart.
const KEPT_CERTIFICATE = "kept-certificate";
const KEPT_ROOTS = "kept-roots";

/** What a bootstrap has of a credential. */
export function joiningBy(credential: JoinCredential): Joining {
  return "token" in credential
    ? byToken(credential.token, credential.rootCertificates)
    : byIdentity(credential.identity);
}

function byToken(token: JoinToken, roots: RootCertificates): Joining {
  const trustedCa = "inline" in roots ? { inlineString: roots.inline } : { filename: roots.file };
  return {
    tls: (names) => ({ validationContext: { ...names, trustedCa } }),
    filters: [tokenInjector(token)],
    secrets: tokenSecrets(token),
  };
}

function byIdentity({ certificate, roots }: IdentityFiles): Joining {
  return {
    tls: (names) => ({
      tlsCertificateSdsSecretConfigs: [fileSecret(KEPT_CERTIFICATE, certificate)],
      combinedValidationContext: {
        defaultValidationContext: names,
        validationContextSdsSecretConfig: fileSecret(KEPT_ROOTS, roots),
      },
    }),
    filters: [],
    secrets: [],
  };
}

/** Read again when another file is renamed over it. */
function fileSecret(name: string, path: string): SdsSecretConfigJson {
  return { name, sdsConfig: { pathConfigSource: { path }, resourceApiVersion: "V3" } };
}

/** Sends the join token with each new stream. A control plane that sees a certificate does not look at it. */
function tokenInjector(token: JoinToken): HttpFilterJson {
  const credential: SdsSecretConfigJson =
    "secretFile" in token ? fileSecret(TOKEN_SECRET, token.secretFile) : { name: TOKEN_SECRET };
  return {
    name: "envoy.filters.http.credential_injector",
    typedConfig: any("envoy.extensions.filters.http.credential_injector.v3.CredentialInjector", {
      overwrite: true,
      // With its certificate a proxy comes back also when the token's file is gone.
      allowRequestWithoutCredential: true,
      credential: {
        name: "envoy.http.injected_credentials.generic",
        typedConfig: any("envoy.extensions.http.injected_credentials.generic.v3.Generic", {
          header: "authorization",
          headerValuePrefix: "Bearer ",
          credential,
        }),
      },
    }),
  };
}

function tokenSecrets(token: JoinToken): readonly SecretJson[] {
  if ("secretFile" in token) return [];
  const secret = "inline" in token ? { inlineString: token.inline } : { filename: token.file };
  return [{ name: TOKEN_SECRET, genericSecret: { secret } }];
}

/**
 * The content of a file for `token: { secretFile }`. Write it beside the old one and rename it over that: Envoy watches
 * for the rename.
 */
export function buildJoinTokenFile(token: string): object {
  return secretFile({
    name: TOKEN_SECRET,
    genericSecret: { secret: { inlineString: token } },
  });
}

/** The content of `IdentityFiles.certificate`: both in one, so that no reader has the key of another certificate. PEM. */
export function buildIdentityFile(chain: string, privateKey: string): object {
  return secretFile({
    name: KEPT_CERTIFICATE,
    tlsCertificate: {
      certificateChain: { inlineString: chain },
      privateKey: { inlineString: privateKey },
    },
  });
}

/** The content of `IdentityFiles.roots`. PEM. */
export function buildRootsFile(roots: string): object {
  return secretFile({
    name: KEPT_ROOTS,
    validationContext: { trustedCa: { inlineString: roots } },
  });
}

function secretFile(secret: SecretJson): object {
  return { resources: [any(SECRET, secret)] };
}
