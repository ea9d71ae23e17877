import { isIpAddress } from "../../config/kinds/dns-names.js";
import type { CertificateValidationContextJson } from "../api.js";

type TypedName = NonNullable<CertificateValidationContextJson["matchTypedSubjectAltNames"]>[number];

type NameType = NonNullable<TypedName["sanType"]>;

/** The types of which a name can be: of a few, few names. */
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
 * Names of which a certificate has to have one, of whatever type it is there; Envoy asks for the type of each. See Istio,
 * util.StringToExactMatch.
 */
export function certificateNames(
  names: readonly string[],
): Pick<CertificateValidationContextJson, "matchTypedSubjectAltNames"> {
  if (names.length === 0) return {};
  const matchTypedSubjectAltNames = names.flatMap((exact) =>
    typesOf(exact).map((sanType): TypedName => ({ sanType, matcher: { exact } })),
  );
  return { matchTypedSubjectAltNames };
}
