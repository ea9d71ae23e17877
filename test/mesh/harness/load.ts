/** Constant load, to see whether a change costs a request. */
import type { Answer } from "./requests.js";

/** What came of one request. */
export interface Outcome {
  /** When it was sent, by the monotonic clock, in milliseconds. */
  readonly at: number;
  readonly answer: Answer | undefined;
  readonly error: unknown;
}

/** Load that goes on until it is stopped. */
export interface Load {
  /** The outcomes so far. */
  readonly outcomes: readonly Outcome[];
  /** Resolves when so many more requests have come to an end. */
  more(count: number): Promise<void>;
  /** The outcomes of requests sent then or later, by the monotonic clock, when so many of them have come to an end. */
  since(at: number, count: number): Promise<readonly Outcome[]>;
  /** Ends the load; resolves with all outcomes when the last request has come to an end. */
  stop(): Promise<readonly Outcome[]>;
}

/** Sends requests from so many callers at once, each the next as soon as the one before has ended. */
export function startLoad(callers: number, send: () => Promise<Answer>): Load {
  const outcomes: Outcome[] = [];
  const waiting = new Set<{ readonly isOver: () => boolean; readonly resolve: () => void }>();
  let stopped = false;
  const one = async (): Promise<void> => {
    const at = performance.now();
    const outcome = await send().then(
      (answer): Outcome => ({ at, answer, error: undefined }),
      (error: unknown): Outcome => ({ at, answer: undefined, error }),
    );
    outcomes.push(outcome);
    for (const entry of waiting) {
      if (!entry.isOver()) continue;
      waiting.delete(entry);
      entry.resolve();
    }
  };
  const caller = async (): Promise<void> => {
    while (!stopped) await one();
  };
  const until = (isOver: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.add({ isOver, resolve });
    });
  const all = Array.from({ length: callers }, caller);
  return {
    outcomes,
    more: (count) => {
      const last = outcomes.length + count;
      return until(() => outcomes.length >= last);
    },
    since: async (at, count) => {
      const sent = (): readonly Outcome[] => outcomes.filter((outcome) => outcome.at >= at);
      let missing = count - sent().length;
      await until(() => {
        missing -= (outcomes.at(-1)?.at ?? 0) >= at ? 1 : 0;
        return missing <= 0;
      });
      return sent();
    },
    stop: async () => {
      stopped = true;
      await Promise.all(all);
      return outcomes;
    },
  };
}

/** The outcomes that are no answer with status 200, in words. */
export function failures(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes
    .filter(({ answer }) => answer?.status !== 200)
    .map(({ answer, error }) =>
      answer === undefined
        ? String(error)
        : `${String(answer.status)} ${answer.body.slice(0, 200)}`,
    );
}
