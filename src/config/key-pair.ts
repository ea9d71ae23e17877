/** Certificates and private keys in PEM: whether a proxy can serve with them. No message quotes what a text has. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** A text under the name by which its owner knows it, such as `tls.crt`. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** What is wrong with one of the texts. */
export interface PemProblem<T extends NamedText = NamedText> {
  readonly of: T;
  readonly code: string;
  readonly message: string;
}

const CERTIFICATE = /^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const CURVES: ReadonlySet<string | undefined> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const MIN_RSA_BITS = 2048;
const KEYS = `RSA from ${String(MIN_RSA_BITS)} bits, ECDSA on P-256, P-384 or P-521, or Ed25519 would be right`;

/** Why a text is not one certificate or several; undefined when it is. */
export function certificateProblem<T extends NamedText>(of: T): PemProblem<T> | undefined {
  const all = certificatesIn(of.text);
  const index = all.indexOf(undefined);
  if (all.length > 0 && index < 0) return undefined;
  const message =
    all.length > 1
      ? `certificate ${String(index + 1)} of ${String(all.length)} in ${of.name} cannot be read`
      : `${of.name} has no certificate in PEM`;
  return { of, code: "invalid-certificate", message };
}

/** Why a server cannot use a certificate, with those that follow it, and a key; nothing when it can. */
export function keyPairProblems<T extends NamedText>(
  certificate: T,
  key: T,
): readonly PemProblem<T>[] {
  const problem = certificateProblem(certificate);
  const problems = problem === undefined ? [] : [problem];
  const privateKey = attempt(() => createPrivateKey(key.text));
  if (privateKey === undefined) {
    const message = `${key.name} has no private key in PEM, or one that needs a password`;
    return [...problems, { of: key, code: "invalid-key", message }];
  }
  const [leaf] = certificatesIn(certificate.text);
  if (problems.length > 0 || leaf === undefined) return problems;
  if (attempt(() => leaf.checkPrivateKey(privateKey)) !== true) {
    const message = `${key.name} is not the key of the certificate in ${certificate.name}: the pair before stays in force`;
    return [{ of: key, code: "mismatched-key", message }];
  }
  if (isTaken(privateKey)) return [];
  const message = `proxies do not take the kind of key that ${key.name} has: found ${describe(privateKey)}, ${KEYS}`;
  return [{ of: key, code: "unsupported-key", message }];
}

/** The certificates of a text; undefined for each that cannot be read. */
function certificatesIn(text: string): readonly (X509Certificate | undefined)[] {
  return text
    .split(/^(?=-----BEGIN )/m)
    .filter((block) => CERTIFICATE.test(block))
    .map((block) => attempt(() => new X509Certificate(block)));
}

/** As Envoy: other keys of servers are refused when they are loaded. */
function isTaken({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  switch (asymmetricKeyType) {
    case "rsa":
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
    case "ec":
      return CURVES.has(asymmetricKeyDetails?.namedCurve);
    default:
      return asymmetricKeyType === "ed25519";
  }
}

function describe({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const kind: string = asymmetricKeyType ?? "an unknown kind";
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined) return `${kind} on ${namedCurve}`;
  return modulusLength === undefined ? kind : `${kind} with ${String(modulusLength)} bits`;
}

/** What OpenSSL says of a text that it cannot read is of no use to the user, and might quote it. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
