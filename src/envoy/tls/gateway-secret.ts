/** The secrets of a gateway's servers, as Envoy is given them. */
import { credentialIn, type SecretValue } from "../../config/credential.js";
import type { SecretBody } from "../../config/kinds/kubernetes/secret.js";
import type { DataSourceJson, SecretJson } from "../api.js";

/** A server's certificate and key, perhaps with what its authority says of it; undefined without both. */
export function certificateSecret(name: string, secret: SecretBody): SecretJson | undefined {
  const { pair } = credentialIn(secret);
  if (pair === undefined) return undefined;
  const { certificate, key, staple } = pair;
  return {
    name,
    tlsCertificate: {
      certificateChain: inline(certificate),
      privateKey: inline(key),
      ...(staple === undefined ? {} : { ocspStaple: { inlineBytes: staple } }),
    },
  };
}

/**
 * The roots that clients' certificates must come from, perhaps with a revocation list: their own, or else one in a file of the proxy's
 * machine.
 */
export function rootsSecret(name: string, secret: SecretBody, list = ""): SecretJson | undefined {
  const { roots, revoked } = credentialIn(secret);
  if (roots === undefined) return undefined;
  const filed = list === "" ? undefined : { filename: list };
  const crl = revoked === undefined ? filed : inline(revoked);
  return { name, validationContext: { trustedCa: inline(roots), ...(crl && { crl }) } };
}

function inline({ text }: SecretValue): DataSourceJson {
  return { inlineBytes: Buffer.from(text).toString("base64") };
}
