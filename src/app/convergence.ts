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
  readonly follow: (update: Update) => void;
  /** Resolves when no update is on its way: at once when there is none. */
  readonly idle: () => Promise<void>;
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

/** Counts the responses of each stream that were not answered yet. */
interface Unanswered {
  readonly count: (stream: StreamName, by: number) => void;
  readonly forget: (stream: string) => void;
  /** The sessions that owe an answer. */
  readonly sessions: () => ReadonlySet<string>;
}

function countUnanswered(): Unanswered {
  const streams = new Map<string, { readonly session: string; readonly count: number }>();
  return {
    count: ({ stream, session }, by) => {
      const known = streams.get(stream)?.count ?? 0;
      streams.set(stream, { session, count: Math.max(0, known + by) });
    },
    forget: (stream) => {
      streams.delete(stream);
    },
    sessions: () =>
      new Set([...streams.values()].filter(({ count }) => count > 0).map((one) => one.session)),
  };
}

function settledOf(
  { update, since, concerned, rejected, lastAnswer }: Followed,
  silent: ReadonlySet<string>,
): Settled {
  const acknowledged = [...concerned].filter((id) => !silent.has(id) && !rejected.has(id));
  return {
    update,
    concerned: concerned.size,
    acknowledged: acknowledged.length,
    rejected: [...rejected].sort(),
    ms: lastAnswer - since,
  };
}

/** Follows nothing yet. */
export function createConvergence({ timers, onSettled }: ConvergenceOptions): Convergence {
  const unanswered = countUnanswered();
  let followed: Followed | undefined;
  let cancel = (): void => undefined;
  const waiting: (() => void)[] = [];

  const look = (): void => {
    if (followed === undefined) return;
    const silent = unanswered.sessions();
    const patient = timers.now() - followed.since < PATIENCE_MS;
    if (silent.size > 0 && patient) {
      lookLater();
      return;
    }
    const done = followed;
    followed = undefined;
    onSettled(settledOf(done, silent));
    for (const resolve of waiting.splice(0)) resolve();
  };
  const lookLater = (): void => {
    cancel();
    cancel = timers.at(timers.now() + QUIET_MS, look);
  };
  const note = (change: (current: Followed) => Partial<Followed>): void => {
    if (followed === undefined) return;
    followed = { ...followed, ...change(followed) };
    lookLater();
  };
  const answered = (event: StreamName): void => {
    unanswered.count(event, -1);
    note(() => ({ lastAnswer: timers.now() }));
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
        unanswered.count(event, 1);
        if (event.changed + event.removed === 0) return;
        note(({ concerned }) => ({ concerned: new Set([...concerned, event.session]) }));
      },
      acked: answered,
      nacked: (event) => {
        answered(event);
        note(({ rejected }) => ({ rejected: new Set([...rejected, event.session]) }));
      },
      closed: ({ stream }) => {
        unanswered.forget(stream);
      },
    },
  };
}
