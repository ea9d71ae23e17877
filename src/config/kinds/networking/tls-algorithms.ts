/** The names of cipher suites and curves that Envoy's TLS library (BoringSSL) has. Envoy refuses a listener or cluster that names another. */
import type { Path } from "../../kind.js";
import { doubtful, type Findings } from "../value/findings.js";

/** The cipher suites beside those of pre-shared keys, by OpenSSL's names. */
const CIPHER_SUITES: readonly string[] = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA",
  "AES256-SHA",
  "DES-CBC3-SHA",
  "ALL",
];

/** The groups that keys can be agreed on with. */
const ECDH_CURVES: readonly string[] = ["P-256", "P-384", "P-521", "X25519", "X25519MLKEM768"];

// OpenSSL's operators (`-SHA`, `+RSA`) are left to Envoy.
const isCipherSuite = (name: string): boolean =>
  !/^[a-z0-9]/i.test(name) || CIPHER_SUITES.includes(name);

const isCurve = (name: string): boolean => ECDH_CURVES.includes(name);

/** Those cipher suites that Envoy has, each once. */
export function knownCipherSuites(names: readonly string[] = []): readonly string[] {
  return [...new Set(names.filter((name) => name !== "" && isCipherSuite(name)))];
}

/** Those curves that Envoy has, each once. */
export function knownCurves(names: readonly string[] = []): readonly string[] {
  return [...new Set(names.filter(isCurve))];
}

/** Warns of cipher suites that are left out. */
export function* checkCipherSuites(names: readonly string[], path: Path): Findings {
  for (const [index, name] of names.entries()) {
    const at = [...path, index];
    if (!isCipherSuite(name)) {
      yield doubtful(at, `"${name}" is no cipher suite that Envoy has: it is left out`);
    } else if (names.indexOf(name) < index) yield doubtful(at, `"${name}" is there twice`);
  }
}

/** Warns of curves that are left out. */
export function* checkCurves(names: readonly string[], path: Path): Findings {
  for (const [index, name] of names.entries()) {
    const at = [...path, index];
    if (name !== "" && !isCurve(name)) {
      const known = ECDH_CURVES.join(", ");
      yield doubtful(at, `"${name}" is no curve that Envoy has (${known}): it is left out`);
    } else if (names.indexOf(name) < index) yield doubtful(at, `"${name}" is there twice`);
  }
}
