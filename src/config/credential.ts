import type { Path } from "./kind.js";

/** The values of a Secret: `data` is base64, `stringData` is plain and wins. */
export interface SecretValues {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** One value of a Secret. */
export interface SecretValue {
  /** Its key. */
  readonly name: string;
  /** Where in the Secret it is. */
  readonly path: Path;
  readonly text: string;
}

/** A server's certificate, with those that follow it, and its key. */
interface KeyPair {
  readonly certificate: SecretValue;
  readonly key: SecretValue;
  /** What its authority says of whether it was revoked, an OCSP response in DER, as base64; servers show it with the certificate. */
  readonly staple?: string;
}

/** What a Secret has for TLS. */
export interface Credential {
  readonly pair: KeyPair | undefined;
  /** The roots that clients' certificates must come from. */
  readonly roots: SecretValue | undefined;
  /** Certificates that were revoked. */
  readonly revoked: SecretValue | undefined;
}

/**
 * What a Secret has for TLS, under either of the names that Istio knows; empty values are none. See Istio,
 * kube.ExtractCertInfo and ExtractRoot.
 */
export function credentialIn(secret: SecretValues): Credential {
  const first = (...names: readonly string[]): SecretValue | undefined =>
    names.map((name) => valueOf(secret, name)).find((value) => value !== undefined);
  return {
    pair: pairOf(secret, "cert", "key") ?? stapledPair(secret),
    roots: first("cacert", "ca.crt"),
    revoked: first("crl", "ca.crl"),
  };
}

function stapledPair(secret: SecretValues): KeyPair | undefined {
  const pair = pairOf(secret, "tls.crt", "tls.key");
  const staple = base64Of(secret, "tls.ocsp-staple");
  return pair === undefined || staple === "" ? pair : { ...pair, staple };
}

/** One value of a Secret that need be no text; empty when it has none. */
function base64Of({ data, stringData }: SecretValues, name: string): string {
  const plain = stringData?.[name];
  const encoded = data?.[name] ?? "";
  const bytes = plain === undefined ? Buffer.from(encoded, "base64") : Buffer.from(plain);
  return bytes.toString("base64");
}

function pairOf(
  secret: SecretValues,
  certificateName: string,
  keyName: string,
): KeyPair | undefined {
  const certificate = valueOf(secret, certificateName);
  const key = valueOf(secret, keyName);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** One value of a Secret; undefined when it has none, or an empty one. */
export function valueOf({ data, stringData }: SecretValues, name: string): SecretValue | undefined {
  const plain = stringData?.[name];
  const encoded = data?.[name];
  const text = plain ?? (encoded === undefined ? "" : Buffer.from(encoded, "base64").toString());
  if (text === "") return undefined;
  return { name, path: [plain === undefined ? "data" : "stringData", name], text };
}
