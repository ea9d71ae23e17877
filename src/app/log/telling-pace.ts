/** So many are told in a row. */
const BURST = 1000;

/**
 * How soon more may be told, in milliseconds, after so many: at once at first, and then of one a second. What clients can have
 * told anew as often as they come back must not fill logs.
 */
export function createTellingPace(now: () => number): (count: number) => number {
  let ahead = 0;
  let at = now();
  return (count) => {
    ahead = Math.max(0, ahead - (now() - at) / 1000) + count;
    at = now();
    return Math.max(0, ahead - BURST) * 1000;
  };
}
