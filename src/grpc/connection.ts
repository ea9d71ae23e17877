/** One HTTP/2 connection, and the limits that end it. */
import { constants, type ServerHttp2Session } from "node:http2";
import { keepAlive } from "./keep-alive.js";

/** What one connection may cost. */
export interface ConnectionLimits {
  /** A connection is asked so often whether it is there, and ended if there is no answer in time, in milliseconds. */
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  /** For how long a connection may have no call, in milliseconds; looked at when it is asked whether it is there. */
  readonly idleMs: number;
  /** How many crumbs at once, and how many more a second in the long run. */
  readonly crumbBurst: number;
  readonly crumbsPerSecond: number;
}

/**
 * See the top of this file. A crumb is a short piece of a message that does not complete it. Each costs the server as much as a
 * whole message, and a hostile client can send a million a second; an honest one sends hardly any.
 */
export class Connection {
  readonly #session: ServerHttp2Session;
  readonly #limits: ConnectionLimits;
  #calls = 0;
  #idleSince = performance.now();
  #crumbs: number;
  #crumbsAt = performance.now();

  constructor(session: ServerHttp2Session, limits: ConnectionLimits) {
    this.#session = session;
    this.#limits = limits;
    this.#crumbs = limits.crumbBurst;
    this.#watch();
  }

  /** A call has begun. */
  enter(): void {
    this.#calls += 1;
  }

  /** A call is over. */
  leave(): void {
    this.#calls -= 1;
    this.#idleSince = performance.now();
  }

  /** A crumb has come. */
  takeCrumb(): void {
    const { crumbBurst, crumbsPerSecond } = this.#limits;
    const now = performance.now();
    const filled = this.#crumbs + ((now - this.#crumbsAt) / 1000) * crumbsPerSecond;
    this.#crumbs = Math.min(crumbBurst, filled) - 1;
    this.#crumbsAt = now;
    if (this.#crumbs >= 0) return;
    const reason = new Error("messages come in too many pieces");
    this.#session.destroy(reason, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Ends it when its other side is gone without a word, or has called nothing for long. */
  #watch(): void {
    const session = this.#session;
    const { pingEveryMs, pingTimeoutMs, idleMs } = this.#limits;
    // Whatever is wrong with a connection, its calls are told that they are over.
    session.on("error", () => undefined);
    keepAlive(
      session,
      { everyMs: pingEveryMs, timeoutMs: pingTimeoutMs },
      {
        onTurn: () => {
          if (this.#calls === 0 && performance.now() - this.#idleSince >= idleMs) session.close();
        },
        onSilent: () => {
          session.destroy();
        },
      },
    );
  }
}
