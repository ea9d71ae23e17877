import type { Path } from "../../../kind.js";
import { Flag, list, oneOf, optional, strict, Text, type ValueOf } from "../../value/fields.js";
import { type Findings, invalid, refuse } from "../../value/findings.js";
import { notApplied } from "../../value/unapplied.js";

/** How a client speaks TLS with a service (Istio's ClientTLSSettings). */
export type ClientTLSSettings = ValueOf<typeof ClientTLSSettings>;
export const ClientTLSSettings = strict({
  mode: optional(oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")),
  clientCertificate: optional(Text),
  privateKey: optional(Text),
  caCertificates: optional(Text),
  credentialName: optional(Text),
  subjectAltNames: optional(list(Text)),
  sni: optional(Text),
  insecureSkipVerify: optional(Flag),
  caCrl: optional(Text),
});

/** How a credential begins that is a ConfigMap, with a certificate to verify servers by. */
const CONFIG_MAP = "configmap://";

/** Whether a credential is a ConfigMap, `configmap://namespace/name`, and no Secret. */
export const isConfigMapCredential = (credential: string): boolean =>
  credential.startsWith(CONFIG_MAP);

/** Whether a credential is one that Envoy is to ask another server for, which the mesh configuration would name. */
const isExternalCredential = (credential: string): boolean => credential.startsWith("sds://");

/** That nobody asks that server. */
export function* checkExternalCredential(credential: string, path: Path): Findings {
  if (isExternalCredential(credential))
    yield notApplied(path, `the external secret "${credential}"`);
}

/** `namespace/name` of the ConfigMap that a credential is. */
export const configMapKey = (credential: string): string => credential.slice(CONFIG_MAP.length);

/**
 * Certificates from one source, all that the mode needs, and nothing to verify by where nothing is verified. `namespace` is
 * that of the resource, undefined for settings of the mesh, which cannot have a ConfigMap's certificate.
 */
export function* checkClientTls(
  tls: ClientTLSSettings,
  path: Path,
  namespace: string | undefined,
): Findings {
  const { mode = "DISABLE", credentialName = "" } = tls;
  yield* refuse([...path, "credentialName"], configMapProblem(credentialName, namespace));
  if (mode !== "SIMPLE" && mode !== "MUTUAL") return;
  yield* checkExternalCredential(credentialName, [...path, "credentialName"]);
  if (tls.insecureSkipVerify === true) yield* checkUnverified(tls, path);
  if (isGiven(tls.credentialName)) {
    for (const field of ["clientCertificate", "privateKey", "caCertificates", "caCrl"] as const) {
      if (isGiven(tls[field])) {
        yield invalid([...path, field], `${field} excludes credentialName, whose secret has it`);
      }
    }
  } else if (mode === "MUTUAL") {
    for (const field of ["clientCertificate", "privateKey"] as const) {
      if (!isGiven(tls[field])) {
        yield invalid([...path, field], `mode MUTUAL needs ${field}, or credentialName`);
      }
    }
  }
}

function* checkUnverified(tls: ClientTLSSettings, path: Path): Findings {
  const contradictions = {
    caCertificates: isGiven(tls.caCertificates),
    // With MUTUAL the secret may be for the client's certificate alone.
    credentialName: tls.mode === "SIMPLE" && isGiven(tls.credentialName),
    subjectAltNames: tls.subjectAltNames !== undefined,
  };
  for (const [field, contradicts] of Object.entries(contradictions)) {
    if (contradicts) {
      yield invalid(
        [...path, field],
        `${field} is for verifying, which insecureSkipVerify excludes`,
      );
    }
  }
}

/** Why a credential is no ConfigMap of the namespace, `configmap://namespace/name`; nothing for what is none at all. */
function configMapProblem(credential: string, namespace: string | undefined): string | undefined {
  if (!isConfigMapCredential(credential)) return undefined;
  if (namespace === undefined) return "a ConfigMap is of a namespace, which the mesh is not in";
  const [owner, name = ""] = configMapKey(credential).split("/");
  const isOwn = owner === namespace && name !== "";
  return isOwn ? undefined : `"${credential}" is not of the form ${CONFIG_MAP}${namespace}/NAME`;
}

function isGiven(text: string | undefined): boolean {
  return (text ?? "") !== "";
}
