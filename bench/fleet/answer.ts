/** What a server sends to a proxy. */
import type { KnownResource } from "./known-resources.js";

/** A response, as far as a proxy needs it. */
export interface Answer {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly KnownResource[];
  readonly removed: readonly string[];
}
