/** Rules for how peers' certificates are validated. */
import type { CertificateValidationContext } from "../../../gen/types/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
import type { CommonTlsContext } from "../../../gen/types/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { type StructureRule, structureRule } from "./structure-rule.js";
import type { Violation } from "./violation.js";

const KEY_HASH = /^[0-9a-z+/]{43}=$/i;
const CERTIFICATE_HASH = /^[0-9a-f]{64}$/i;
/** The length of a hash with a colon between its bytes. */
const LENGTH_WITH_COLONS = 95;

function* hashViolations(context: CertificateValidationContext): Iterable<Violation> {
  for (const [index, found] of context.verifyCertificateSpki.entries()) {
    if (KEY_HASH.test(found)) continue;
    const path = `verify_certificate_spki[${index}]`;
    yield { path, problem: "must be a SHA-256 in base64", found };
  }
  for (const [index, found] of context.verifyCertificateHash.entries()) {
    const digits = found.length === LENGTH_WITH_COLONS ? found.replaceAll(":", "") : found;
    if (CERTIFICATE_HASH.test(digits)) continue;
    const path = `verify_certificate_hash[${index}]`;
    yield { path, problem: "must be a SHA-256 in hexadecimal digits", found };
  }
}

/** A validation context that comes with a secret may have its roots from there; this one is all that there is. */
function* rootsViolations({ validationContextType: type }: CommonTlsContext): Iterable<Violation> {
  if (type.case !== "validationContext") return;
  const { matchTypedSubjectAltNames: names, trustedCa } = type.value;
  if (names.length === 0 || trustedCa !== undefined) return;
  yield {
    path: "validation_context.trusted_ca",
    problem: "must be set, since names in certificates mean nothing without it",
  };
}

export const CERTIFICATE_RULES: readonly StructureRule[] = [
  structureRule<CertificateValidationContext>(
    "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext",
    hashViolations,
  ),
  structureRule<CommonTlsContext>(
    "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext",
    rootsViolations,
  ),
];
