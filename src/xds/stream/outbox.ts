/** What was sent on a stream and is not read yet; a client that does not read for too long is cut off. */
import type { Clock } from "../../base/clock.js";
import { CallRefused } from "../../grpc/call-refused.js";
import type { Message } from "../../grpc/message.js";
import type { ServerCall } from "../../grpc/server-call.js";
import { status } from "../../grpc/status-code.js";
import type { Limits } from "../limits.js";
import type { Backlog, SlowReader } from "./backlog.js";

/** What all outboxes of a server share. */
export interface OutboxHost {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly backlog: Backlog;
}

/** Who is told of an outbox. */
export interface OutboxEvents {
  /** The client has read all that it was sent. */
  readonly onEmpty: () => void;
  /** The client has not read for too long. */
  readonly onUnread: (reason: CallRefused) => void;
}

/** The messages that a stream's connection was handed and its client has not read. */
export class Outbox implements SlowReader {
  readonly #call: Pick<ServerCall, "write">;
  readonly #host: OutboxHost;
  readonly #events: OutboxEvents;
  #messages = 0;
  #bytes = 0;
  /** Since when there have been such, without a break. */
  #since = 0;
  #isClosed = false;
  #isWatched = false;
  #stopWatching: () => void = () => undefined;

  constructor(call: Pick<ServerCall, "write">, host: OutboxHost, events: OutboxEvents) {
    this.#call = call;
    this.#host = host;
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  get unreadSince(): number {
    return this.#since;
  }

  write(message: Message): void {
    const { clock, backlog } = this.#host;
    if (this.#messages === 0) this.#since = clock.now();
    this.#messages += 1;
    this.#bytes += message.length;
    backlog.add(this, message.length);
    this.#watch();
    this.#call.write(message, () => {
      this.#written(message.length);
    });
  }

  endUnread(afterMs: number): void {
    const reason = `responses were not read for ${afterMs / 1000} s`;
    this.#events.onUnread(new CallRefused(status.DEADLINE_EXCEEDED, reason));
  }

  /** The stream has ended: nothing of it waits any more. */
  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    this.#host.backlog.drop(this, this.#bytes);
  }

  #written(bytes: number): void {
    if (this.#isClosed) return;
    this.#messages -= 1;
    this.#bytes -= bytes;
    this.#host.backlog.remove(this, bytes, this.isEmpty);
    if (this.isEmpty) this.#events.onEmpty();
  }

  /** A timer is set once in a while, not for each message. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { clock, limits } = this.#host;
    this.#stopWatching = clock.after(this.#since + limits.unreadMs - clock.now(), () => {
      this.#isWatched = false;
      if (this.isEmpty) return;
      if (clock.now() < this.#since + limits.unreadMs) this.#watch();
      else this.endUnread(limits.unreadMs);
    });
  }
}
