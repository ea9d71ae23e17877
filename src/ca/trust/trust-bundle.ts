/** The roots of another trust domain, by which the certificates of its workloads are checked. See SPIFFE Federation. */

import Type from "typebox";
import Value from "typebox/value";
import { parseJson } from "../../base/parse-json.js";
import { CertificateError } from "../ca-error.js";
import { certificatePem, certificatesOfPem } from "../certificate/pem.js";
import { isAuthority } from "../certificate/x509.js";
import { isTrustDomain } from "../spiffe-id.js";

/** See the top of this file. */
export interface TrustBundle {
  readonly trustDomain: string;
  /** PEM of its roots, each one an element. */
  readonly roots: readonly string[];
}

/** `TRUST-DOMAIN.pem` is certificates, `TRUST-DOMAIN.json` a SPIFFE bundle, as `spire-server bundle show -format spiffe` has it. */
const BUNDLE_FILE = /^(.+)\.(pem|json)$/;

/** See SPIFFE Trust Domain and Bundle, section 4: a set of keys, of which some are for other uses. */
const SPIFFE_BUNDLE = Type.Object({
  keys: Type.Array(
    Type.Object({
      use: Type.Optional(Type.String()),
      x5c: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});

/** Whether a file of this name is a bundle; others beside them are left alone. */
export function isBundleFile(name: string): boolean {
  return BUNDLE_FILE.test(name) && !name.startsWith(".");
}

/**
 * The bundle of a file, which is named after its trust domain.
 * @throws CertificateError when it is none
 */
export function parseTrustBundle(name: string, text: string): TrustBundle {
  const [, trustDomain = "", form] = BUNDLE_FILE.exec(name) ?? [];
  if (!isTrustDomain(trustDomain)) {
    throw new CertificateError(
      "certificate-name",
      `${JSON.stringify(trustDomain)} is no trust domain: name the file TRUST-DOMAIN.pem or TRUST-DOMAIN.json`,
    );
  }
  const roots = form === "json" ? certificatesOfSpiffeBundle(text) : certificatesOfPem(text);
  if (roots.length === 0) {
    throw new CertificateError("certificate-file", "there is no root certificate in it");
  }
  if (!roots.every(isAuthority)) {
    throw new CertificateError(
      "certificate-file",
      "one of its certificates is not that of an authority",
    );
  }
  return { trustDomain, roots: roots.map(certificatePem) };
}

function certificatesOfSpiffeBundle(text: string): readonly Buffer[] {
  const bundle = parseJson(text);
  if (!Value.Check(SPIFFE_BUNDLE, bundle)) {
    throw new CertificateError("certificate-file", "it is no SPIFFE bundle (a JSON Web Key Set)");
  }
  return bundle.keys
    .filter(({ use }) => use === "x509-svid")
    .flatMap(({ x5c = [] }) => x5c.slice(0, 1))
    .map((certificate) => Buffer.from(certificate, "base64"));
}
