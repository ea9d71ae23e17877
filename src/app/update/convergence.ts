/** Finds out which proxies an update concerned, and when they have taken it. */
import type { Clock } from "../../base/clock.js";
import type { Acked, StreamName, XdsObserver } from "../../xds/observer.js";
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
  readonly clock: Clock;
  readonly onSettled: (settled: Settled) => void;
}

/** After so long without anything sent or answered an update is over. */
const QUIET_MS = 60;
/** A proxy may withhold its answer until a cluster is warm; after so long the update is reported without it. */
const PATIENCE_MS = 5000;

/** Changed in place: each proxy adds itself to it, and there may be thousands. */
interface Followed {
  update: Update;
  readonly since: number;
  /** By proxy, the time of its last answer; that of the update as long as it has given none. */
  readonly concerned: Map<string, number>;
  readonly rejected: Set<string>;
  lastAnswer: number;
  /** When anything was sent, answered, or added to it. */
  lastEvent: number;
}

function startedAt(now: number, update: Update): Followed {
  const nobody = { concerned: new Map<string, number>(), rejected: new Set<string>() };
  return { update, since: now, ...nobody, lastAnswer: now, lastEvent: now };
}

/** A response, or the answer to it. */
type Exchange = StreamName & Pick<Acked, "typeUrl" | "nonce" | "isRetry">;

/** What streams were sent and have not answered: of each type the latest, since its answer is one to those before it. */
interface Unanswered {
  readonly sent: (event: Exchange) => void;
  readonly answered: (event: Exchange) => void;
  readonly forget: (stream: string) => void;
  /** How many streams owe an answer: asked for again and again, of thousands of streams. */
  readonly count: () => number;
  /** The sessions that owe an answer. */
  readonly sessions: () => ReadonlySet<string>;
}

/** Of a stream, by type, the nonce of the latest response, or that it was answered. */
interface SentTo {
  readonly session: string;
  readonly nonces: Map<string, string>;
  /** How many types are not answered. */
  owed: number;
}

/** In place of a nonce, which is never empty. */
const ANSWERED = "";

function createUnanswered(): Unanswered {
  const streams = new Map<string, SentTo>();
  let owing = 0;
  return {
    sent: ({ stream, session, typeUrl, nonce }) => {
      const known = streams.get(stream) ?? { session, nonces: new Map<string, string>(), owed: 0 };
      if ((known.nonces.get(typeUrl) ?? ANSWERED) === ANSWERED) {
        if (known.owed === 0) owing += 1;
        known.owed += 1;
      }
      known.nonces.set(typeUrl, nonce);
      streams.set(stream, known);
    },
    answered: ({ stream, typeUrl, nonce }) => {
      const known = streams.get(stream);
      if (known?.nonces.get(typeUrl) !== nonce) return;
      // Not taken out: a map that entries come to and go from is made anew again and again.
      known.nonces.set(typeUrl, ANSWERED);
      known.owed -= 1;
      if (known.owed === 0) owing -= 1;
    },
    forget: (stream) => {
      if ((streams.get(stream)?.owed ?? 0) > 0) owing -= 1;
      streams.delete(stream);
    },
    count: () => owing,
    sessions: () =>
      new Set([...streams.values()].filter(({ owed }) => owed > 0).map(({ session }) => session)),
  };
}

function settledOf(
  { update, since, concerned, rejected, lastAnswer }: Followed,
  silent: ReadonlySet<string>,
): Settled {
  const acknowledged = [...concerned].filter(([id]) => !silent.has(id) && !rejected.has(id));
  return {
    update,
    concerned: concerned.size,
    acknowledged: acknowledged.length,
    rejected: [...rejected].sort(),
    ms: lastAnswer - since,
    times: acknowledged.map(([, at]) => at - since),
  };
}

/** Follows nothing yet. */
export function createConvergence({ clock, onSettled }: ConvergenceOptions): Convergence {
  const unanswered = createUnanswered();
  let followed: Followed | undefined;
  const waiting: (() => void)[] = [];

  /** One timer waits at a time, since each of thousands of answers puts it off. */
  const look = (): void => {
    if (followed === undefined) return;
    const { since, lastEvent } = followed;
    const now = clock.now();
    const isQuiet = now >= lastEvent + QUIET_MS;
    if (now < since + PATIENCE_MS && !(isQuiet && unanswered.count() === 0)) {
      clock.at(isQuiet ? now + QUIET_MS : lastEvent + QUIET_MS, look);
      return;
    }
    const done = followed;
    followed = undefined;
    onSettled(settledOf(done, unanswered.sessions()));
    for (const resolve of waiting.splice(0)) resolve();
  };
  const answered = (event: Exchange): void => {
    unanswered.answered(event);
    if (followed === undefined || event.isRetry === true) return;
    followed.lastAnswer = clock.now();
    followed.lastEvent = followed.lastAnswer;
    const { session } = event;
    if (followed.concerned.has(session)) followed.concerned.set(session, followed.lastAnswer);
  };

  return {
    follow: (update) => {
      const now = clock.now();
      if (followed !== undefined) {
        followed.update = mergeUpdates(followed.update, update);
        followed.lastEvent = now;
        return;
      }
      followed = startedAt(now, update);
      clock.at(now + QUIET_MS, look);
    },
    idle: () =>
      followed === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    observer: {
      pushed: (event) => {
        unanswered.sent(event);
        if (followed === undefined || event.isRetry === true) return;
        if (event.changed + event.removed === 0) return;
        if (!followed.concerned.has(event.session)) {
          followed.concerned.set(event.session, followed.since);
        }
        followed.lastEvent = clock.now();
      },
      acked: answered,
      nacked: (event) => {
        answered(event);
        if (event.isRetry !== true) followed?.rejected.add(event.session);
      },
      closed: ({ stream }) => {
        unanswered.forget(stream);
      },
    },
  };
}
