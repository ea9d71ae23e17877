import type { Duration } from "@bufbuild/protobuf/wkt";

/** Envoy counts nanoseconds in a signed number of 64 bits: this many whole seconds fit for sure. */
const LONGEST_SECONDS = 9_223_372_035n;

/** Why Envoy takes a duration nowhere, whatever the field: it is negative, or too long to be counted. */
export function durationProblem({ seconds, nanos }: Duration): string | undefined {
  if (seconds < 0n || nanos < 0) return "must not be negative";
  return seconds > LONGEST_SECONDS ? `must be at most ${LONGEST_SECONDS}s` : undefined;
}

/** A duration where Envoy compares it with another: in whole milliseconds. */
export const milliseconds = ({ seconds, nanos }: Duration): number =>
  Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
