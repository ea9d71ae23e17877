/** An update on its way to the proxies that it concerns. */
import { mergeUpdates, type Update } from "./update.js";

/** What became of an update. */
export interface Settled {
  readonly update: Update;
  /** How many proxies were sent something. */
  readonly concerned: number;
  /** How many of them have accepted all of it. */
  readonly acknowledged: number;
  /** Those that refused some of it. */
  readonly rejected: readonly string[];
  /** From the update to the last answer, in milliseconds. */
  readonly ms: number;
  /** From the update to the last answer of each proxy that accepted all of it, in milliseconds. */
  readonly times: readonly number[];
}

/** See the top of this file. Changed in place: each proxy adds itself to it, and there may be thousands. Times are a clock's. */
export class FollowedUpdate {
  readonly since: number;
  #update: Update;
  /** By proxy that was sent something, the time of its last answer; that of the update as long as it has given none. */
  readonly #concerned = new Map<string, number>();
  readonly #rejected = new Set<string>();
  #lastAnswer: number;
  #lastEvent: number;

  constructor(update: Update, now: number) {
    this.#update = update;
    this.since = now;
    this.#lastAnswer = now;
    this.#lastEvent = now;
  }

  /** When anything was sent, answered, or added to it. */
  get lastEvent(): number {
    return this.#lastEvent;
  }

  /** Another update, which was published just now, becomes part of it. */
  add(update: Update, now: number): void {
    this.#update = mergeUpdates(this.#update, update);
    this.#lastEvent = now;
  }

  /** A proxy was sent something that is new to it. */
  sentTo(proxy: string, now: number): void {
    if (!this.#concerned.has(proxy)) this.#concerned.set(proxy, this.since);
    this.#lastEvent = now;
  }

  /** A proxy has answered something. */
  answeredBy(proxy: string, now: number): void {
    this.#lastAnswer = now;
    this.#lastEvent = now;
    if (this.#concerned.has(proxy)) this.#concerned.set(proxy, now);
  }

  rejectedBy(proxy: string): void {
    this.#rejected.add(proxy);
  }

  /** What has become of it by now, when these proxies owe an answer. */
  settled(silent: ReadonlySet<string>): Settled {
    const { since } = this;
    const [concerned, rejected] = [this.#concerned, this.#rejected];
    const acknowledged = [...concerned].filter(([id]) => !silent.has(id) && !rejected.has(id));
    return {
      update: this.#update,
      concerned: concerned.size,
      acknowledged: acknowledged.length,
      rejected: [...rejected].sort(),
      ms: this.#lastAnswer - since,
      times: acknowledged.map(([, at]) => at - since),
    };
  }
}
