/** Responses: what one says, and what is kept of it until its client has judged it by an ACK or a NACK. */
import type { EncodedResource } from "../../resource.js";

/**
 * How responses of a type say what changed. `delta` is the incremental protocol: what is new or changed, and the names of what is
 * gone. State of the world either lists everything, so that what is left out is gone (`complete`), or what changed (`partial`),
 * by the type.
 */
export type Style = "delta" | "partial" | "complete";

/** What one response says. Shared by all streams that are sent the same. */
export interface Payload {
  /** A hash of the content. */
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  /** Those of the resources that the client did not hold: all of them, except in a complete answer. */
  readonly changed: readonly EncodedResource[];
  /** What the client has to forget, and what it asked for and is not there. */
  readonly removed: readonly string[];
  /** What other streams may be sent too and the first resources are: they are the same bytes there and here. */
  readonly prefix?: Payload;
  /** It has what the client refused before and may take now: see retries.ts. */
  readonly isRetry?: true;
  /** Of a payload that other streams may be sent too: its place in the order in which these were made. */
  readonly serial?: number;
}

/** A response to be sent. */
export interface Response {
  readonly typeUrl: string;
  readonly style: Style;
  readonly nonce: string;
  readonly payload: Payload;
  /** Any stream that is sent this payload is sent the same bytes, the nonce included. */
  readonly isShared: boolean;
}

/** A response that was sent and is not judged yet. */
export interface SentResponse {
  readonly nonce: string;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
  readonly payload: Payload;
}

/** What happened to a response, for people. */
export interface Occurrence {
  readonly nonce: string;
  readonly version: string;
  /** Milliseconds of the clock. */
  readonly at: number;
}
