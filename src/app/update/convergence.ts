/**
 * Finds out which proxies an update concerned, and when they have taken it.
 *
 * One update is followed at a time. It is over when nothing was sent or answered for a while and no stream owes an answer, or when it
 * takes too long; an update that is published until then becomes part of it.
 */
import type { Clock } from "../../base/clock.js";
import type { XdsObserver } from "../../xds/observer.js";
import { FollowedUpdate, type Settled } from "./followed-update.js";
import { createOwedAnswers, type Exchange } from "./owed-answers.js";
import type { Update } from "./update.js";

/** See the top of this file. */
export interface Convergence {
  /** Follows an update that was published just now. */
  readonly follow: (update: Update) => void;
  /** Resolves when no update is on its way: at once when there is none. */
  readonly idle: () => Promise<void>;
  readonly observer: Required<Pick<XdsObserver, "pushed" | "acked" | "nacked" | "closed">>;
}

/** Options of the convergence. */
export interface ConvergenceOptions {
  readonly clock: Clock;
  readonly onSettled: (settled: Settled) => void;
}

/** After so long without anything sent or answered an update is over. */
const QUIET_MS = 60;
/** A proxy may withhold its answer until a cluster is warm; after so long the update is reported without it. */
const PATIENCE_MS = 5000;

/** Follows nothing yet. */
export function createConvergence({ clock, onSettled }: ConvergenceOptions): Convergence {
  const owed = createOwedAnswers();
  let followed: FollowedUpdate | undefined;
  const waiting: (() => void)[] = [];

  /** One timer waits at a time, since each of thousands of answers puts it off. */
  const look = (): void => {
    if (followed === undefined) return;
    const { since, lastEvent } = followed;
    const now = clock.now();
    const isQuiet = now >= lastEvent + QUIET_MS;
    const isOver = now >= since + PATIENCE_MS || (isQuiet && owed.count() === 0);
    if (isOver) settle(followed);
    else clock.at(isQuiet ? now + QUIET_MS : lastEvent + QUIET_MS, look);
  };

  const settle = (done: FollowedUpdate): void => {
    followed = undefined;
    onSettled(done.settled(owed.sessions()));
    for (const resolve of waiting.splice(0)) resolve();
  };

  const answered = (event: Exchange): void => {
    owed.answered(event);
    if (event.isRetry !== true) followed?.answeredBy(event.session, clock.now());
  };

  return {
    follow: (update) => {
      const now = clock.now();
      if (followed !== undefined) {
        followed.add(update, now);
        return;
      }
      followed = new FollowedUpdate(update, now);
      clock.at(now + QUIET_MS, look);
    },
    idle: () =>
      followed === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    observer: {
      pushed: (event) => {
        owed.sent(event);
        const isNews = event.isRetry !== true && event.changed + event.removed > 0;
        if (isNews) followed?.sentTo(event.session, clock.now());
      },
      acked: answered,
      nacked: (event) => {
        answered(event);
        if (event.isRetry !== true) followed?.rejectedBy(event.session);
      },
      closed: ({ stream }) => {
        owed.forget(stream);
      },
    },
  };
}
