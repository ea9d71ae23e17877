import type { ConfigSourceJson, SdsSecretConfigJson } from "./api.js";

/** "From the stream that this came on", waited for without a limit: what is missing is answered, not timed out. */
export function adsSource(): ConfigSourceJson {
  return { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" };
}

/** A secret that each proxy has, asked for by name on the same stream. */
export function adsSecret(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: adsSource() };
}

/**
 * The secret of a credential that somebody names, and that may not be there: it is waited for as long as Envoy does by itself,
 * 15 s, as with Istio. State of the world has no word for a secret that there is not, and until its wait is over a proxy
 * acknowledges no clusters, and a new one does not ask for listeners.
 */
export function adsCredential(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: { ads: {}, resourceApiVersion: "V3" } };
}
