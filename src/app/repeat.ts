/** Takes a step again and again, one after the other. */

import type { Clock } from "../base/clock.js";
import { errorMessage } from "../base/error-message.js";

/** What is done, and how often. */
export interface RepeatOptions {
  readonly step: () => Promise<void>;
  /** From the end of one to the begin of the next. */
  readonly everyMs: number;
  /** Told what is wrong, once until it changes; it is tried again. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** Takes the first step at once. The result ends that; it resolves when the step that was being taken is over. */
export function repeat({ step, everyMs, onError, clock }: RepeatOptions): () => Promise<void> {
  let lastError: string | undefined;
  let stopped = false;
  let cancel = (): void => undefined;
  const run = async (): Promise<void> => {
    try {
      await step();
      lastError = undefined;
    } catch (error) {
      const message = errorMessage(error);
      if (message !== lastError) onError(error);
      lastError = message;
    }
    if (stopped) return;
    cancel = clock.after(everyMs, () => {
      running = run();
    });
  };
  let running = run();
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}
