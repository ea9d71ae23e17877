import type { ConfigSourceJson, SdsSecretConfigJson } from "./api.js";

/** "From the stream that this came on". There is no time limit: for what is missing there is an answer that says so. */
export function adsSource(): ConfigSourceJson {
  return { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" };
}

/** A secret that each proxy has, asked for by name on the same stream. */
export function adsSecret(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: adsSource() };
}

/**
 * The secret of a credential that a user names, and that may not exist. The wait for it is Envoy's own, 15 s, as in Istio: the
 * state-of-the-world protocol cannot say that a secret does not exist, and a proxy that waits for one acknowledges no clusters, nor
 * does a new one ask for listeners.
 */
export function adsCredential(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: { ads: {}, resourceApiVersion: "V3" } };
}
