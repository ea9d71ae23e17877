import { onDeltaRequest } from "./delta.js";
import type { Moment } from "./moment.js";
import type { Protocol } from "./session.js";
import { onSotwRequest } from "./sotw.js";
import type { StreamState } from "./stream-state.js";
import { decodeDeltaRequest, decodeSotwRequest } from "./wire.js";

/** A request of either protocol. */
export interface Incoming {
  /** The encoded node, if the request has one. */
  readonly node: Uint8Array | undefined;
  readonly typeUrl: string;
  /** State of the world: the names that are asked for; none in the other protocol. */
  readonly names: readonly string[];
  readonly nonce: string;
  /** The words of a NACK. */
  readonly error: string | undefined;
  /** The stream's state after the request. */
  readonly apply: (state: StreamState, moment: Moment) => StreamState;
}

/** How requests of one protocol are read. */
export interface Dialect {
  readonly protocol: Protocol;
  /**
   * Reads a request. On a service for one type alone, that is the type of a request which does not say it, and a request
   * for another type changes nothing.
   * @throws DecodeError
   */
  decode(message: Buffer, onlyType: string | undefined): Incoming;
}

interface Request {
  readonly typeUrl: string;
  readonly names?: readonly string[];
  readonly nonce: string;
  readonly error?: string;
}

function dialect<R extends Request>(
  protocol: Protocol,
  read: (message: Buffer) => { readonly node: Uint8Array | undefined; readonly request: R },
  onRequest: (state: StreamState, request: R, moment: Moment) => StreamState,
): Dialect {
  return {
    protocol,
    decode(message, onlyType) {
      const { node, request: received } = read(message);
      const typeUrl = received.typeUrl === "" ? (onlyType ?? "") : received.typeUrl;
      const isServed = onlyType === undefined || onlyType === typeUrl;
      const request: R = { ...received, typeUrl };
      return {
        node,
        typeUrl,
        names: request.names ?? [],
        nonce: request.nonce,
        error: request.error,
        apply: (state, moment) => (isServed ? onRequest(state, request, moment) : state),
      };
    },
  };
}

/** Differences. */
export const DELTA = dialect("delta", decodeDeltaRequest, onDeltaRequest);

/** State of the world. */
export const SOTW = dialect("sotw", decodeSotwRequest, onSotwRequest);
