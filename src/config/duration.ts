const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // micro sign
  μs: 1e-3, // Greek mu
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** The longest time that Go and Envoy take, 292 years: as many seconds as fit for sure into nanoseconds of 64 bits. */
const LONGEST_MS = 9_223_372_035_000;

/**
 * The milliseconds of a length of time in the syntax of Go's time.ParseDuration, which Istio reads (`1h30m`, `1.5s`,
 * `-10ms`, `0`). undefined when the text is none, or longer than 292 years (`2562047h`). Fractions are kept: `1us` is 0.001.
 */
export function durationMs(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, "");
  if (unsigned === "0") return 0;
  let end = 0;
  let total = 0;
  for (const [part, amount = "", unit = ""] of unsigned.matchAll(PART)) {
    end += part.length;
    total += Number(amount) * (MS_PER_UNIT[unit] ?? Number.NaN);
  }
  if (end === 0 || end < unsigned.length || total > LONGEST_MS) return undefined;
  return text.startsWith("-") ? -total : total;
}
