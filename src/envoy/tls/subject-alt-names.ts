import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import type { CertificateValidationContextJson } from "../api.js";

type TypedName = NonNullable<CertificateValidationContextJson["matchTypedSubjectAltNames"]>[number];

type NameType = NonNullable<TypedName["sanType"]>;

/** The types that a name can be of: as few as its form allows. */
function typesOf(name: string): readonly NameType[] {
  if (name.startsWith("spiffe://")) return ["URI"];
  return [
    "DNS",
    "URI",
    ...(name.includes("@") ? (["EMAIL"] as const) : []),
    ...(isIpAddress(name) ? (["IP_ADDRESS"] as const) : []),
  ];
}

/**
 * Asks for a certificate with one of these names, of any type. Envoy has a matcher for each type of name. See Istio,
 * util.StringToExactMatch.
 */
export function matchSubjectAltNames(
  names: readonly string[],
): Pick<CertificateValidationContextJson, "matchTypedSubjectAltNames"> {
  if (names.length === 0) return {};
  const matchTypedSubjectAltNames = names.flatMap((exact) =>
    typesOf(exact).map((sanType): TypedName => ({ sanType, matcher: { exact } })),
  );
  return { matchTypedSubjectAltNames };
}
