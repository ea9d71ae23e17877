/** How contexts of TLS name the secrets of credentials. See Istio, ConstructSdsSecretConfigForCredential. */
import { BUILTIN_CREDENTIAL } from "../../config/secret-grants.js";
import type { SdsSecretConfigJson } from "../api.js";
import { adsCredential, adsSecret } from "../config-source.js";
import { ROOT_SECRET, WORKLOAD_SECRET } from "../names.js";
import { listedRootsName } from "./mesh-roots.js";
import { rootsSecretName, secretName } from "./secret-names.js";

/** The certificate and key of a credential. */
export const certificateSecret = (credential: string): SdsSecretConfigJson =>
  credential === BUILTIN_CREDENTIAL
    ? adsSecret(WORKLOAD_SECRET)
    : adsCredential(secretName(credential));

/** The roots of a credential, with a revocation list in a file where one is given. */
export function rootsSecret(credential: string, list = ""): SdsSecretConfigJson {
  if (credential !== BUILTIN_CREDENTIAL) {
    return adsCredential(listedRootsName(rootsSecretName(credential), list));
  }
  return list === "" ? adsSecret(ROOT_SECRET) : adsCredential(listedRootsName(ROOT_SECRET, list));
}
