import { durationMs } from "../config/duration.js";

/** A protobuf duration in JSON (`1.500s`) of milliseconds; fractions of a nanosecond are dropped. */
export function protoDuration(ms: number): string {
  const nanos = Math.round(ms * 1e6);
  const seconds = Math.trunc(nanos / 1e9);
  const rest = Math.abs(nanos % 1e9);
  if (rest === 0) return `${String(seconds)}s`;
  const digits = rest
    .toString()
    .padStart(9, "0")
    .replace(/(000)+$/, "");
  return `${seconds === 0 && nanos < 0 ? "-0" : String(seconds)}.${digits}s`;
}

/** A duration that a user wrote in Go's syntax, as protobuf JSON; undefined for none and for what is no duration. */
export function goDuration(text: string | undefined): string | undefined {
  const ms = text === undefined ? undefined : durationMs(text);
  return ms === undefined ? undefined : protoDuration(ms);
}
