/** What the server tells of its streams, for metrics, logs and the debug API. */
import type { StatusCode } from "../grpc/status-code.js";
import type { Protocol } from "./session.js";

/** Which stream something happened on. */
export interface StreamName {
  readonly stream: string;
  /** Session.id. */
  readonly session: string;
  readonly protocol: Protocol;
}

/** A response was handed to the connection. */
export interface Pushed extends StreamName {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  /** How many the response carries, and how many of them the client did not hold. */
  readonly resources: number;
  readonly changed: number;
  readonly removed: number;
  readonly bytes: number;
  readonly isRetry?: boolean;
  /** Milliseconds that it took to find out what to send, to encode it and to hand it over. */
  readonly ms: number;
}

/** A response was accepted. */
export interface Acked extends StreamName {
  readonly typeUrl: string;
  readonly nonce: string;
  /** It was about what the client had refused before, which was sent again in case that it takes it now. */
  readonly isRetry?: boolean;
  /** Milliseconds from the response to the ACK. */
  readonly ms: number;
}

/** A response was refused. */
export interface Nacked extends Acked {
  /** The client's words. */
  readonly error: string;
  /** The resources of the response that were new to the client: those of which at least one is to blame. */
  readonly names: readonly string[];
}

/** A stream ended. */
export interface Closed extends StreamName {
  /** undefined when the client ended it. */
  readonly code: StatusCode | undefined;
  readonly reason: string;
}

/** Who wants to know what the server does: metrics, logs. Every method may be left out; none may throw. */
export interface XdsObserver {
  opened?(event: StreamName): void;
  pushed?(event: Pushed): void;
  acked?(event: Acked): void;
  nacked?(event: Nacked): void;
  closed?(event: Closed): void;
  /** A fault of ours ended a stream. */
  failed?(error: unknown): void;
}
