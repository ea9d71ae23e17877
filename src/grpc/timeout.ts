/** Milliseconds of each unit. See gRPC over HTTP/2, "TimeoutUnit". */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** What a timer can be set to, in milliseconds: some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long a caller waits, by `grpc-timeout`, in milliseconds; undefined for as long as it takes, and for what is no timeout. */
export function timeoutMs(header: string | readonly string[] | undefined): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  const unitMs = UNIT_MS[unit];
  const ms = unitMs === undefined ? Infinity : Number(digits) * unitMs;
  return ms > MAX_TIMER_MS ? undefined : ms;
}
