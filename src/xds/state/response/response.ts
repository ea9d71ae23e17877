import type { Payload, Style } from "../subscription/subscription.js";

/** One response to be sent. */
export interface Response {
  readonly typeUrl: string;
  readonly style: Style;
  readonly nonce: string;
  readonly payload: Payload;
  /** Any stream that is sent this payload is sent the same bytes, the nonce included. */
  readonly isShared: boolean;
}
