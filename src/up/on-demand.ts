/** A task that is run again and again. */
export interface OnDemand {
  /**
   * Runs the task, or, when it is running, once more as soon as it is done; however many ask meanwhile, that is one run.
   * Resolves when a run that began after the call has ended; never rejects.
   */
  run(): Promise<void>;
}

/** Makes a task that runs one at a time. What it rejects with is given to `onError`. */
export function onDemand(task: () => Promise<void>, onError: (error: unknown) => void): OnDemand {
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  const start = (): Promise<void> => {
    following = undefined;
    running = task()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  return {
    run: () => {
      if (running === undefined) return start();
      following ??= running.then(start);
      return following;
    },
  };
}
