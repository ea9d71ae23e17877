/** The two forms of the discovery protocol, so that a stream need not tell them apart. */
import type { Protocol } from "../session.js";
import type { Moment } from "../state/moment.js";
import { onDeltaRequest } from "../state/request/delta-request.js";
import type { InitialVersions } from "../state/request/initial-versions.js";
import { onSotwRequest } from "../state/request/sotw-request.js";
import type { StreamState } from "../state/stream-state.js";
import { decodeDeltaRequest, decodeSotwRequest } from "../wire/decode-request.js";

/** A request of either protocol. */
export interface Incoming {
  /** The encoded node, if the request has one. */
  readonly node: Uint8Array | undefined;
  readonly typeUrl: string;
  /** The names that are asked for: all of them in state of the world, else those that are new. */
  readonly names: readonly string[];
  /** The names that are not asked for any more; none in state of the world, where they are left out. */
  readonly unsubscribed: readonly string[];
  /** The names of what the client holds from before this stream, as far as it says so. */
  readonly held: () => Iterable<string>;
  readonly nonce: string;
  /** In state of the world, of what the client accepted last; else empty. */
  readonly version: string;
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
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initialVersions?: InitialVersions;
  readonly nonce: string;
  readonly version?: string;
  readonly error?: string | undefined;
}

const NONE: readonly string[] = [];

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
      const request = typeUrl === received.typeUrl ? received : { ...received, typeUrl };
      return {
        node,
        typeUrl,
        names: request.names ?? request.subscribe ?? NONE,
        unsubscribed: request.unsubscribe ?? NONE,
        held: () => request.initialVersions?.entries().keys() ?? NONE,
        nonce: request.nonce,
        version: request.version ?? "",
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
