/** The names under which proxies ask for what credentials have. See Istio, credentials.ToResourceName. */

/** The name of a credential's certificate and key: that of a Secret, of the proxy's namespace, unless it says something else. */
export function secretName(credential: string): string {
  return credential.includes("://") ? credential : `kubernetes://${credential}`;
}

/** The name of the roots of a credential, from which the certificates of the other side must come. */
export function rootsSecretName(credential: string): string {
  return `${secretName(credential)}-cacert`;
}
