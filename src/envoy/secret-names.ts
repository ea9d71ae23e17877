/** The names under which proxies ask for what credentials have. See Istio, credentials.ToResourceName. */
import { isConfigMapCredential } from "../config/kinds/client-tls-settings.js";

/** The name of a credential's certificate and key: that of a Secret, of the proxy's namespace unless it says another. */
export function secretName(credential: string): string {
  return isConfigMapCredential(credential) ? credential : `kubernetes://${credential}`;
}

/** The name of the roots of a credential, from which the certificates of the other side must come. */
export function rootsSecretName(credential: string): string {
  return `${secretName(credential)}-cacert`;
}
