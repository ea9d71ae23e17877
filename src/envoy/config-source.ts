import type { ConfigSourceJson, SdsSecretConfigJson } from "./api.js";

/** "From the stream that this came on", waited for without a limit: what is missing is answered, not timed out. */
export function adsSource(): ConfigSourceJson {
  return { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" };
}

/** A secret that is asked for by name on the same stream. */
export function adsSecret(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: adsSource() };
}
