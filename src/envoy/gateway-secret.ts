/** The secrets of a gateway's servers, as Envoy is given them. */
import type { SecretBody } from "../config/kinds/secret.js";
import type { SecretJson } from "./api.js";

/** One value of a Secret in base64; undefined when it has none of these keys. */
function valueOf(secret: SecretBody, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const plain = secret.stringData?.[key];
    if (plain !== undefined) return Buffer.from(plain, "utf8").toString("base64");
    const encoded = secret.data?.[key];
    if (encoded !== undefined) return encoded;
  }
  return undefined;
}

/** A server's certificate and key: `tls.crt` and `tls.key`, or `cert` and `key`; undefined without both. */
export function certificateSecret(name: string, secret: SecretBody): SecretJson | undefined {
  const chain = valueOf(secret, ["tls.crt", "cert"]);
  const key = valueOf(secret, ["tls.key", "key"]);
  if (chain === undefined || key === undefined) return undefined;
  return {
    name,
    tlsCertificate: { certificateChain: { inlineBytes: chain }, privateKey: { inlineBytes: key } },
  };
}

/** The roots that clients' certificates must come from: `ca.crt` or `cacert`, perhaps with a revocation list. */
export function rootsSecret(name: string, secret: SecretBody): SecretJson | undefined {
  const roots = valueOf(secret, ["ca.crt", "cacert"]);
  if (roots === undefined) return undefined;
  const revoked = valueOf(secret, ["ca.crl", "crl"]);
  return {
    name,
    validationContext: {
      trustedCa: { inlineBytes: roots },
      ...(revoked === undefined ? {} : { crl: { inlineBytes: revoked } }),
    },
  };
}
