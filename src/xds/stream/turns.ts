/**
 * Who may go on next. All streams share one thread, so each is given its turn a slice at a time, and in between requests are
 * read and files looked at.
 *
 * A stream is settled once its client has taken all that it asked for at first, but not while it is found out what of a
 * response the client refuses. To bring a new one that far costs a thousand
 * times more than to tell a settled one of a change. So new ones are let in, and go on, when no settled one waits, and no
 * change is about to come; when there is always one, once a second. And they wait as long as clients have not read
 * too much of what they were sent.
 */
import type { Clock } from "../clock.js";

/** A stream, as far as its turn is concerned. */
export interface TurnTaker {
  readonly isSettled: boolean;
  advance(): void;
}

/** See the top of this file. */
export interface Turns {
  /** Asks for a turn; once is enough. */
  readonly add: (stream: TurnTaker) => void;
  readonly drop: (stream: TurnTaker) => void;
  /** What new streams wait for may be over. */
  readonly look: () => void;
}

/** What turns depend on. */
export interface TurnsOptions {
  readonly clock: Clock;
  /** Whether new streams have to wait. */
  readonly isFull: () => boolean;
  /** Whether a change for settled streams is about to come. */
  readonly isChangeDue: () => boolean;
  /** Called when nobody has asked for a turn for a while. */
  readonly onQuiet: () => void;
}

/** At most so many streams, and about so many milliseconds, before others get a turn: requests, new connections. */
const SLICE = 32;
const SLICE_MS = 10;

/** A new stream goes on at least so often, in milliseconds; when its turns take long, after so many times as long. */
const STARVING_MS = 1000;
const STARVING_TIMES = 4;

/** While a change is about to come, new streams look again after so long, in milliseconds. */
const CHANGE_MS = 5;

/** Nobody has asked for a turn for so long, in milliseconds. */
const QUIET_MS = 2000;

/** Turns that nobody has asked for. */
export function createTurns({ clock, isFull, isChangeDue, onQuiet }: TurnsOptions): Turns {
  const settled = new Set<TurnTaker>();
  const starting = new Set<TurnTaker>();
  let isScheduled = false;
  let starvingAt = clock.now() + STARVING_MS;
  let stopQuiet = (): void => undefined;

  const serve = (waiting: Set<TurnTaker>, until: number, mayServe: () => boolean): void => {
    let served = 0;
    for (const stream of waiting) {
      if (served === SLICE || (served > 0 && clock.now() >= until) || !mayServe()) return;
      served += 1;
      waiting.delete(stream);
      stream.advance();
    }
  };

  const schedule = (): void => {
    const isDue = settled.size > 0 || (starting.size > 0 && !isFull());
    if (!isDue || isScheduled) return;
    isScheduled = true;
    if (settled.size === 0 && isChangeDue()) clock.after(CHANGE_MS, run);
    else setImmediate(run);
  };

  function run(): void {
    isScheduled = false;
    const now = clock.now();
    serve(settled, now + SLICE_MS, () => true);
    const mayStart = settled.size === 0 && !isChangeDue();
    if (mayStart || now >= starvingAt) {
      const begun = clock.now();
      serve(starting, begun + SLICE_MS, () => !isFull());
      const ended = clock.now();
      starvingAt = ended + Math.max(STARVING_MS, (ended - begun) * STARVING_TIMES);
    }
    schedule();
    if (settled.size + starting.size > 0) return;
    stopQuiet();
    stopQuiet = clock.after(QUIET_MS, onQuiet);
  }

  return {
    add(stream) {
      (stream.isSettled ? settled : starting).add(stream);
      schedule();
    },
    drop(stream) {
      settled.delete(stream);
      starting.delete(stream);
    },
    look: schedule,
  };
}
