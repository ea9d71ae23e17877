/** When each proxy of a fleet had what is waited for. */
export interface Arrivals {
  /** A proxy has it now; only the first time counts. */
  readonly note: (proxy: number) => void;
  readonly has: (proxy: number) => boolean;
  /** The times of those that had it, in milliseconds, when all had it or the time was up. */
  readonly wait: (timeoutMs: number) => Promise<readonly number[]>;
}

/** Nobody has had it yet; `now` is in milliseconds. */
export function createArrivals(proxies: number, now: () => number): Arrivals {
  const times = new Map<number, number>();
  let complete = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    complete = resolve;
  });
  return {
    note(proxy) {
      if (times.has(proxy)) return;
      times.set(proxy, now());
      if (times.size === proxies) complete();
    },
    has: (proxy) => times.has(proxy),
    async wait(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([all, timeout]);
      clearTimeout(timer);
      return [...times.values()];
    },
  };
}
