import { setImmediate } from "node:timers/promises";

/** How steps are taken in slices. */
export interface SliceOptions {
  /** Ends the work between two slices, where it is given. */
  readonly signal?: AbortSignal;
  /** Has a slice taken; at once when absent. */
  readonly run?: <T>(slice: () => T) => T;
}

/** About so many milliseconds before others get a turn: half of what streams take for theirs. */
const SLICE_MS = 5;

/**
 * Takes the steps of long work that somebody waits for; all else that the process does has its turn between two slices of them.
 * Resolves with what the work results in.
 * @throws the reason of the signal
 */
export async function inSlices<Result>(
  steps: Iterator<void, Result>,
  { signal, run = (slice) => slice() }: SliceOptions = {},
): Promise<Result> {
  for (;;) {
    signal?.throwIfAborted();
    const ended = run(() => stepsUntil(steps, performance.now() + SLICE_MS));
    if (ended !== undefined) return ended.value;
    await setImmediate();
  }
}

/** Takes steps until then; the result, when it was the last. */
function stepsUntil<Result>(
  steps: Iterator<void, Result>,
  until: number,
): IteratorReturnResult<Result> | undefined {
  do {
    const step = steps.next();
    if (step.done === true) return step;
  } while (performance.now() < until);
  return undefined;
}
