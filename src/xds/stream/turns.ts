/**
 * Which streams go on next. All streams share one thread, so turns are given in slices; between two slices requests are read and
 * files are looked at.
 *
 * A stream is settled once its client has accepted all that it asked for at first, except while the culprit in a refused
 * response is searched for. Bringing a new stream that far costs a thousand times more than telling a settled one of a change.
 * So new streams are let in, and go on, only when no settled one waits and no change is about to come, but at least once a
 * second. They also wait while clients have left too much unread.
 */
import type { Clock } from "../../base/clock.js";

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

/** How many streams, and about how many milliseconds, go by before requests and new connections get a turn. */
const SLICE = 32;
const SLICE_MS = 10;

/** A new stream waits no longer than this, in milliseconds; or, when its turns take long, than this many times as long. */
const STARVING_MS = 1000;
const STARVING_TIMES = 4;

/** How soon new streams look again while a change is about to come, in milliseconds. */
const CHANGE_MS = 5;

/** It is quiet when nobody has asked for a turn for this long, in milliseconds. */
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
