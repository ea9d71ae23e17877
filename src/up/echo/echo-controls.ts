/** What a caller asks of an echo application beyond a description of the request. */
export interface EchoControls {
  /** The status of the answer; 200 when the request names none. */
  readonly status: number;
  /** How long to wait before answering, in milliseconds. */
  readonly delayMs: number;
  /** How many requests of one key fail with 503 before one succeeds. */
  readonly failures: number;
  /** The key of `failures`; when absent, the request's id is the key, so that it is the retries of one call that count. */
  readonly failureKey?: string;
  /** `description`: JSON about the request. `echo`: the request's own body. A number: that many bytes. */
  readonly body: "description" | "echo" | number;
}

const MAX_DELAY_MS = 300_000;
const MAX_BYTES = 2 ** 30;
const MAX_FAILURES = 1000;

/**
 * The controls in a request's path and query: `/status/503`, `/delay/500ms`, `/bytes/1000000` and `/echo` anywhere in the
 * path, and `?status=503`, `?delay=500ms`, `?bytes=1000000`, `?fail=2&key=a`. A delay without a unit is in seconds, as httpbin
 * has it. What is not understood or out of range has no effect; the larger limits are five minutes, a gibibyte and a thousand
 * failures.
 */
export function readControls(target: string): EchoControls {
  const { pathname, searchParams } = parseTarget(target);
  const find = (name: string): string | undefined =>
    searchParams.get(name) ?? new RegExp(`/${name}/([^/]+)`).exec(pathname)?.[1];
  const bytes = integer(find("bytes"), 0, MAX_BYTES);
  const key = searchParams.get("key");
  return {
    status: integer(find("status"), 200, 599) ?? 200,
    delayMs: durationMs(find("delay")) ?? 0,
    failures: integer(searchParams.get("fail") ?? undefined, 1, MAX_FAILURES) ?? 0,
    ...(key === null ? {} : { failureKey: key }),
    body: bytes ?? (/\/echo(\/|$)/.test(pathname) ? "echo" : "description"),
  };
}

const BASE = "http://echo";

/** A target that begins with two slashes is a path like any other, and no host. */
function parseTarget(target: string): URL {
  const url = target.startsWith("/") ? `${BASE}${target}` : target;
  return URL.canParse(url, BASE) ? new URL(url, BASE) : new URL(BASE);
}

function integer(text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function durationMs(text: string | undefined): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text ?? "") ?? [];
  if (amount === undefined) return undefined;
  const value = Number(amount) * (unit === "ms" ? 1 : 1000);
  return value <= MAX_DELAY_MS ? value : undefined;
}

/** Says whether the next request of a key is to fail: true `times` times, then false, and from the beginning again. */
export type FailureCounter = (key: string, times: number) => boolean;

/** A counter that remembers at most `limit` unfinished keys; the oldest is forgotten first. */
export function createFailureCounter(limit: number): FailureCounter {
  const counts = new Map<string, number>();
  return (key, times) => {
    const count = counts.get(key) ?? 0;
    counts.delete(key);
    if (count >= times) return false;
    counts.set(key, count + 1);
    const oldest = counts.keys().next();
    if (counts.size > limit && oldest.done !== true) counts.delete(oldest.value);
    return true;
  };
}
