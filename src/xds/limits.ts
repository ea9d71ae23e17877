/** What a client may cost the server: streams, requests, names, and bytes that it leaves unread. */
import type { Clock } from "../base/clock.js";
import type { ServerLimits } from "../grpc/server.js";

/** What one peer may cost. A peer that goes beyond is told so by the status with which its stream ends. */
export interface Limits {
  /** Of streams that are open at the same time, also while they are being ended. */
  readonly maxStreams: number;
  /** Names that a stream subscribes to, for each type. */
  readonly maxNames: number;
  /**
   * Requests that are no answer to a response, for each stream: so many at once, and so many a second in the long run.
   * A long request counts for several, one more for each 8 KiB.
   */
  readonly requestBurst: number;
  readonly requestsPerSecond: number;
  /** From the start of a stream to its first request, and from its turn to its being let in, in milliseconds. */
  readonly firstRequestMs: number;
  /** Of the first requests of streams that wait for their turn to be let in, in bytes. */
  readonly maxWaitingBytes: number;
  /** For how long a peer may leave responses unread, in milliseconds. */
  readonly unreadMs: number;
  /** Of all responses that peers have not read. Beyond that new streams wait, in bytes. */
  readonly maxUnreadBytes: number;
  /** For how long a peer may leave responses unread while others wait for that and nobody reads, in milliseconds. */
  readonly unreadWhenFullMs: number;
}

/** The limits of a server that is not told otherwise. */
export const DEFAULT_LIMITS: Limits = {
  maxStreams: 10_000,
  maxNames: 100_000,
  requestBurst: 2500,
  requestsPerSecond: 100,
  firstRequestMs: 10_000,
  maxWaitingBytes: 256 * 1024 * 1024,
  unreadMs: 60_000,
  maxUnreadBytes: 128 * 1024 * 1024,
  unreadWhenFullMs: 5000,
};

/**
 * Of a gRPC server that serves discovery. A client that comes back lists each resource that it holds with its version, which
 * for tens of thousands of resources is more than the 4 MiB that are usual; pings find peers that are gone.
 */
export const SERVER_LIMITS: ServerLimits = {
  maxMessageBytes: 16 * 1024 * 1024,
  closeMs: 10_000,
  maxStreams: 128,
  maxCalls: 20_000,
  maxConnections: 12_000,
  idleMs: 300_000,
  crumbBurst: 2000,
  crumbsPerSecond: 100,
  maxPartBytes: 256 * 1024 * 1024,
  pingEveryMs: 30_000,
  pingTimeoutMs: 10_000,
  handshakeMs: 10_000,
};

const BYTES_PER_TOKEN = 8192;

/** Takes the cost of a request; false if there is not enough left. */
export type Allowance = (bytes: number) => boolean;

/** An allowance that starts full and is refilled as time passes. */
export function createAllowance(
  { requestBurst, requestsPerSecond }: Limits,
  clock: Clock,
): Allowance {
  let left = requestBurst;
  let filledAt = clock.now();
  return (bytes) => {
    const now = clock.now();
    left = Math.min(requestBurst, left + ((now - filledAt) / 1000) * requestsPerSecond);
    filledAt = now;
    const cost = 1 + Math.floor(bytes / BYTES_PER_TOKEN);
    if (cost > left) return false;
    left -= cost;
    return true;
  };
}

/** Who comes in at a door, as long as there is room. */
export interface Admission {
  /** False if there is none. */
  readonly enter: () => boolean;
  readonly leave: () => void;
}

/** Of streams. */
export function createAdmission({ maxStreams }: Limits): Admission {
  let inside = 0;
  return {
    enter() {
      if (inside >= maxStreams) return false;
      inside += 1;
      return true;
    },
    leave() {
      inside -= 1;
    },
  };
}

/** Where first requests wait until their streams are let in. */
export interface WaitingRoom {
  /** Takes a request of so many bytes in; false if there is no room. */
  readonly enter: (bytes: number) => boolean;
  readonly leave: (bytes: number) => void;
}

/** An empty waiting room. */
export function createWaitingRoom({ maxWaitingBytes }: Limits): WaitingRoom {
  let waiting = 0;
  return {
    enter(bytes) {
      if (waiting + bytes > maxWaitingBytes) return false;
      waiting += bytes;
      return true;
    },
    leave(bytes) {
      waiting -= bytes;
    },
  };
}
