/** Finds out which proxies an update concerned, and when they have taken it. */
import type { Timers } from "../ca/timers.js";
import type { StreamName, XdsObserver } from "../xds/observer.js";
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
}

/** See the top of this file. */
export interface Convergence {
  /** Follows an update that was published just now; one that is still on its way becomes part of it. */
  follow(update: Update): void;
  /** Resolves when no update is on its way: at once when there is none. */
  idle(): Promise<void>;
  readonly observer: Required<Pick<XdsObserver, "pushed" | "acked" | "nacked" | "closed">>;
}

/** Options of the convergence. */
export interface ConvergenceOptions {
  readonly timers: Timers;
  readonly onSettled: (settled: Settled) => void;
}

/** After so long without anything sent or answered an update is over. */
const QUIET_MS = 60;
/** A proxy may withhold its answer until a cluster is warm; after so long the update is reported without it. */
const PATIENCE_MS = 5000;

interface Followed {
  readonly update: Update;
  readonly since: number;
  readonly concerned: ReadonlySet<string>;
  readonly rejected: ReadonlySet<string>;
  readonly lastAnswer: number;
}

/** Follows nothing yet. */
export function createConvergence({ timers, onSettled }: ConvergenceOptions): Convergence {
  const unanswered = new Map<string, { readonly session: string; readonly count: number }>();
  let followed: Followed | undefined;
  let cancel = (): void => undefined;
  const waiting: (() => void)[] = [];

  const report = ({ update, since, concerned, rejected, lastAnswer }: Followed): void => {
    const silent = new Set(
      [...unanswered.values()].filter(({ count }) => count > 0).map(({ session }) => session),
    );
    const acknowledged = [...concerned].filter((id) => !silent.has(id) && !rejected.has(id));
    onSettled({
      update,
      concerned: concerned.size,
      acknowledged: acknowledged.length,
      rejected: [...rejected].sort(),
      ms: lastAnswer - since,
    });
  };
  const look = (): void => {
    if (followed === undefined) return;
    const isWaiting = [...unanswered.values()].some(({ count }) => count > 0);
    const patient = timers.now() - followed.since < PATIENCE_MS;
    if (isWaiting && patient) {
      lookLater();
      return;
    }
    const done = followed;
    followed = undefined;
    report(done);
    for (const resolve of waiting.splice(0)) resolve();
  };
  const lookLater = (): void => {
    cancel();
    cancel = timers.at(timers.now() + QUIET_MS, look);
  };
  const count = ({ stream, session }: StreamName, by: number): void => {
    const known = unanswered.get(stream)?.count ?? 0;
    unanswered.set(stream, { session, count: Math.max(0, known + by) });
  };
  const note = (change: (current: Followed) => Followed): void => {
    if (followed === undefined) return;
    followed = change(followed);
    lookLater();
  };
  const answered = (event: StreamName): void => {
    count(event, -1);
    note((current) => ({ ...current, lastAnswer: timers.now() }));
  };

  return {
    follow: (update) => {
      const now = timers.now();
      followed =
        followed === undefined
          ? { update, since: now, concerned: new Set(), rejected: new Set(), lastAnswer: now }
          : { ...followed, update: mergeUpdates(followed.update, update) };
      lookLater();
    },
    idle: () =>
      followed === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    observer: {
      pushed: (event) => {
        count(event, 1);
        if (event.changed + event.removed === 0) return;
        note((current) => ({
          ...current,
          concerned: new Set([...current.concerned, event.session]),
        }));
      },
      acked: answered,
      nacked: (event) => {
        answered(event);
        note((current) => ({
          ...current,
          rejected: new Set([...current.rejected, event.session]),
        }));
      },
      closed: ({ stream }) => {
        unanswered.delete(stream);
      },
    },
  };
}
