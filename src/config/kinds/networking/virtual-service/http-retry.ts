import { STATUS_CODES } from "node:http";
import { didYouMean } from "../../../../base/text/closest-word.js";
import type { Path } from "../../../kind.js";
import { Duration, Flag, Int32, optional, strict, Text, type ValueOf } from "../../value/fields.js";
import { type Findings, given, invalid } from "../../value/findings.js";
import { checkDuration, checkNotNegative } from "../../value/numbers.js";

/** How often and when a failed request is sent again. */
export type HTTPRetry = ValueOf<typeof HTTPRetry>;
export const HTTPRetry = strict({
  /** Beside the first attempt; 0 is none. */
  attempts: optional(Int32),
  perTryTimeout: optional(Duration),
  /** Words of Envoy and HTTP statuses, with commas between. */
  retryOn: optional(Text),
  retryRemoteLocalities: optional(Flag),
  retryIgnorePreviousHosts: optional(Flag),
  backoff: optional(Duration),
});

/** Envoy's words for what is retried: those of HTTP (x-envoy-retry-on), then those of gRPC (x-envoy-retry-grpc-on). */
const RETRY_ON: readonly string[] = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** Conditions that Envoy knows, and none of them where nothing is retried. */
export function* checkRetry(retry: HTTPRetry, path: Path): Findings {
  const { attempts = 0, retryOn = "", perTryTimeout, retryRemoteLocalities } = retry;
  yield* checkNotNegative(attempts, [...path, "attempts"]);
  const configured =
    retryOn !== "" || perTryTimeout !== undefined || retryRemoteLocalities !== undefined;
  if (attempts === 0 && configured) {
    yield invalid(path, "retries are configured and attempts is 0, which switches them off");
  }
  yield* given(perTryTimeout, [...path, "perTryTimeout"], checkDuration);
  yield* given(retry.backoff, [...path, "backoff"], checkDuration);
  for (const word of retryOn === "" ? [] : retryOn.split(",")) {
    if (!RETRY_ON.includes(word) && !isStatus(word)) {
      const guess = didYouMean(word, RETRY_ON);
      yield invalid([...path, "retryOn"], `"${word}" is no condition to retry on${guess}`);
    }
  }
}

/** The HTTP status that a word of `retryOn` is, which as in Go may begin with zeros or a plus sign; undefined for conditions. */
export function retriedStatus(word: string): number | undefined {
  return /^\+?0*\d{3}$/.test(word) ? Number(word) : undefined;
}

/** Whether a word is an HTTP status that IANA has a name for; Node has one for 509 too. */
function isStatus(word: string): boolean {
  const status = retriedStatus(word) ?? 0;
  return Object.hasOwn(STATUS_CODES, status) && status !== 509;
}
