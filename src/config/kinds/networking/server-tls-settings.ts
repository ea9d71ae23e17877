import type { Path } from "../../kind.js";
import { Flag, list, oneOf, optional, strict, Text, type ValueOf } from "../value/fields.js";
import { doubtful, each, type Findings, invalid } from "../value/findings.js";
import {
  checkExternalCredential,
  isConfigMapCredential,
} from "./destination-rule/client-tls-settings.js";
import { checkCipherSuites } from "./tls-algorithms.js";

/** A certificate by its files. */
export type TLSCertificate = ValueOf<typeof TLSCertificate>;
const TLSCertificate = strict({
  serverCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
});

const TLSProtocol = oneOf("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3");

/** How a server of a Gateway or a Sidecar speaks TLS with its clients (Istio's ServerTLSSettings). */
export type ServerTLSSettings = ValueOf<typeof ServerTLSSettings>;
export const ServerTLSSettings = strict({
  httpsRedirect: optional(Flag),
  /** PASSTHROUGH when absent. */
  mode: optional(
    oneOf("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
  ),
  serverCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
  caCrl: optional(Text),
  credentialName: optional(Text),
  credentialNames: optional(list(Text)),
  caCertCredentialName: optional(Text),
  tlsCertificates: optional(list(TLSCertificate)),
  subjectAltNames: optional(list(Text)),
  verifyCertificateSpki: optional(list(Text)),
  verifyCertificateHash: optional(list(Text)),
  minProtocolVersion: optional(TLSProtocol),
  maxProtocolVersion: optional(TLSProtocol),
  cipherSuites: optional(list(Text)),
});

/** The fields by which certificates come. */
const SOURCES = [
  "serverCertificate",
  "privateKey",
  "caCertificates",
  "tlsCertificates",
  "credentialName",
  "credentialNames",
] as const;

/** Certificates from one source, all that the mode needs, and ciphers that there are. */
export function* checkServerTls(tls: ServerTLSSettings, path: Path): Findings {
  yield* checkCiphers(tls, path);
  const { mode = "PASSTHROUGH" } = tls;
  const unused = SOURCES.filter((field) => isGiven(tls[field]));
  switch (mode) {
    case "ISTIO_MUTUAL":
      for (const field of unused) {
        yield invalid(
          [...path, field],
          `mode ISTIO_MUTUAL takes the mesh's certificates, not ${field}`,
        );
      }
      return;
    case "PASSTHROUGH":
    case "AUTO_PASSTHROUGH":
      for (const field of [...unused, ...(isGiven(tls.caCrl) ? ["caCrl"] : [])]) {
        yield doubtful([...path, field], `mode ${mode} has no use for ${field}`);
      }
      yield* checkSources(tls, path);
      if (isGiven(tls.caCrl) && isGiven(tls.credentialName)) {
        yield invalid([...path, "caCrl"], "caCrl excludes credentialName, whose secret has it");
      }
      return;
    default:
      yield* checkSources(tls, path);
      yield* checkCertificates(tls, path, mode);
      yield* checkCredentials(tls, path);
  }
}

function* checkCredentials(tls: ServerTLSSettings, path: Path): Findings {
  const certificates: readonly (readonly [Path, string])[] = [
    [[...path, "credentialName"], tls.credentialName ?? ""],
    ...(tls.credentialNames ?? []).map(
      (name, i) => [[...path, "credentialNames", i], name] as const,
    ),
  ];
  const roots = [[...path, "caCertCredentialName"], tls.caCertCredentialName ?? ""] as const;
  for (const [at, name] of [...certificates, roots]) {
    yield* checkExternalCredential(name, at);
  }
  for (const [at, name] of certificates) {
    if (!isConfigMapCredential(name)) continue;
    yield doubtful(
      at,
      `"${name}" has no key, so that the server answers no handshake: name a Secret, and the ConfigMap as caCertCredentialName`,
    );
  }
}

function* checkSources(tls: ServerTLSSettings, path: Path): Findings {
  const [first, ...others] = [
    ...(isGiven(tls.serverCertificate) && isGiven(tls.privateKey) ? ["serverCertificate"] : []),
    ...(["credentialName", "credentialNames", "tlsCertificates"] as const).filter((field) =>
      isGiven(tls[field]),
    ),
  ];
  for (const field of others) {
    yield invalid(
      [...path, field],
      `${field} excludes ${first ?? ""}: give one source of certificates`,
    );
  }
}

function* checkCertificates(
  tls: ServerTLSSettings,
  path: Path,
  mode: "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL",
): Findings {
  // What a secret has is seen when it is read.
  if (isGiven(tls.credentialName) || isGiven(tls.credentialNames)) return;
  if (mode !== "SIMPLE" && !isGiven(tls.caCertificates)) {
    yield invalid(
      [...path, "caCertificates"],
      `mode ${mode} needs caCertificates, or credentialName`,
    );
  }
  const { tlsCertificates = [] } = tls;
  if (tlsCertificates.length === 0) yield* checkCertificate(tls, path);
  yield* each(tlsCertificates, [...path, "tlsCertificates"], checkCertificate);
  if (tlsCertificates.length > 2) {
    yield doubtful(
      [...path, "tlsCertificates", 2],
      "a server can have two certificates, RSA and ECDSA",
    );
  }
  if (mode === "SIMPLE" && isGiven(tls.caCrl)) {
    yield invalid([...path, "caCrl"], "mode SIMPLE does not verify clients: caCrl has no use");
  }
}

function* checkCertificate(certificate: TLSCertificate, path: Path): Findings {
  for (const field of ["serverCertificate", "privateKey"] as const) {
    if (!isGiven(certificate[field])) {
      yield invalid([...path, field], `TLS needs ${field}, or credentialName`);
    }
  }
}

function* checkCiphers(tls: ServerTLSSettings, path: Path): Findings {
  const { cipherSuites = [], minProtocolVersion = "TLS_AUTO" } = tls;
  yield* checkCipherSuites(cipherSuites, [...path, "cipherSuites"]);
  if (/^TLSV1_[01]$/.test(minProtocolVersion) && cipherSuites.length === 0) {
    const at = [...path, "minProtocolVersion"];
    yield doubtful(
      at,
      `${minProtocolVersion} needs cipherSuites that it can use: by default there are none`,
    );
  }
}

function isGiven(value: string | readonly unknown[] | undefined): boolean {
  return value !== undefined && value.length > 0;
}
