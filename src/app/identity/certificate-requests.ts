/** How often one service account may ask for certificates, both of its own keys and of keys that are made for it. */

/** What a service account of hundreds of replicas needs that start at once, and nobody notices who asks for no more. */
export const CERTIFICATE_REQUESTS = { capacity: 500, refillPerSecond: 5, maxKeys: 10_000 };
