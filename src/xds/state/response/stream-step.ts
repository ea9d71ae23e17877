import type { StreamState } from "../stream-state.js";
import type { Response } from "./response.js";

/** One step of a stream: what to send now, and what is known of the stream after that. */
export interface StreamStep {
  readonly state: StreamState;
  /** To be sent in this order. */
  readonly responses: readonly Response[];
  /** The time at which to ask again even if nothing happens; Infinity if that is not needed. */
  readonly wakeAt: number;
}

/** No responses. */
export const NO_RESPONSES: StreamStep["responses"] = [];
