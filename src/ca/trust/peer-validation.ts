/** How proxies check the certificates of each other, as Envoy's CertificateValidationContext. */
import type { Authority } from "../authority/authority.js";
import type { GivenTrust } from "./given-trust.js";

/** What decides it. */
export interface PeerTrust {
  readonly authority: Pick<Authority, "trustDomain" | "roots" | "authorities">;
  /** Former names of the trust domain, of which our own roots are. */
  readonly trustDomainAliases: readonly string[];
  readonly given: GivenTrust;
}

const SPIFFE_VALIDATOR = "envoy.tls.cert_validator.spiffe";
const SPIFFE_VALIDATOR_TYPE =
  "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig";

/**
 * Without bundles of others, certificates of our roots are good. With them the trust domain in a certificate decides whose
 * roots it has to be of, so that nobody can sign for another domain than their own.
 *
 * Lists that do not cover all our authorities are left out: by them Envoy would refuse everyone.
 */
export function peerValidation(trust: PeerTrust): object {
  const { authority, given } = trust;
  const roots = authority.roots.join("");
  const lists = given.revocations;
  const revocations = lists.without(authority.authorities).length === 0 ? lists.pem : "";
  if (given.bundles.length > 0) return spiffeValidation(trust, roots + revocations);
  return {
    trustedCa: { inlineString: roots },
    ...(revocations === "" ? {} : { crl: { inlineString: revocations } }),
  };
}

/** Envoy takes revocation lists of a trust domain from its bundle, and no domain twice. */
function spiffeValidation({ authority, trustDomainAliases, given }: PeerTrust, own: string) {
  const bundles = new Map<string, string>();
  const add = (name: string, pem: string): unknown =>
    bundles.set(name, (bundles.get(name) ?? "") + pem);
  for (const name of new Set([authority.trustDomain, ...trustDomainAliases])) add(name, own);
  for (const { trustDomain, roots } of given.bundles) add(trustDomain, roots.join(""));
  return {
    customValidatorConfig: {
      name: SPIFFE_VALIDATOR,
      typedConfig: {
        "@type": SPIFFE_VALIDATOR_TYPE,
        trustDomains: [...bundles].map(([name, pem]) => ({
          name,
          trustBundle: { inlineString: pem },
        })),
      },
    },
  };
}
