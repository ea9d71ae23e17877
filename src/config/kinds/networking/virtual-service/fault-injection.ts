import { didYouMean } from "../../../../base/text/closest-word.js";
import type { Path } from "../../../kind.js";
import {
  Duration,
  Int32,
  optional,
  Percent,
  strict,
  Text,
  type ValueOf,
} from "../../value/fields.js";
import {
  atMostOne,
  doubtful,
  type Findings,
  given,
  invalid,
  refuse,
  tolerate,
} from "../../value/findings.js";
import {
  checkDuration,
  checkFraction,
  checkHttpStatus,
  checkPercent,
} from "../../value/numbers.js";

/** How some requests are held up. */
export type FaultDelay = ValueOf<typeof FaultDelay>;
const FaultDelay = strict({
  /** Deprecated: `percentage` has replaced it. */
  percent: optional(Int32),
  fixedDelay: optional(Duration),
  exponentialDelay: optional(Duration),
  percentage: optional(Percent),
});

/** How some requests are answered with an error. */
export type FaultAbort = ValueOf<typeof FaultAbort>;
const FaultAbort = strict({
  httpStatus: optional(Int32),
  grpcStatus: optional(Text),
  http2Error: optional(Text),
  percentage: optional(Percent),
});

/** Faults that are put into traffic on purpose. */
export type HTTPFaultInjection = ValueOf<typeof HTTPFaultInjection>;
export const HTTPFaultInjection = strict({
  delay: optional(FaultDelay),
  abort: optional(FaultAbort),
});

/** The names of the statuses of gRPC, in the order of their numbers. */
export const GRPC_STATUSES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** A delay or an abort, each for a part of the requests that there can be. */
export function* checkFaultInjection(fault: HTTPFaultInjection, path: Path): Findings {
  if (fault.delay === undefined && fault.abort === undefined) {
    yield invalid(path, "the fault does nothing: give delay or abort");
  }
  yield* given(fault.delay, [...path, "delay"], checkDelay);
  yield* given(fault.abort, [...path, "abort"], checkAbort);
}

function* checkDelay(delay: FaultDelay, path: Path): Findings {
  yield* atMostOne(delay, path, ["fixedDelay", "exponentialDelay"]);
  // As in Istio, which does not look at it.
  yield* tolerate(given(delay.percent, [...path, "percent"], checkPercent));
  yield* given(delay.percentage, [...path, "percentage"], checkFraction);
  yield* given(delay.fixedDelay, [...path, "fixedDelay"], checkDuration);
  if (delay.exponentialDelay !== undefined) {
    yield invalid(
      [...path, "exponentialDelay"],
      "exponentialDelay is not supported: give fixedDelay",
    );
  }
}

function* checkAbort(abort: FaultAbort, path: Path): Findings {
  yield* atMostOne(abort, path, ["httpStatus", "grpcStatus", "http2Error"]);
  yield* given(abort.percentage, [...path, "percentage"], checkFraction);
  yield* given(abort.httpStatus, [...path, "httpStatus"], checkHttpStatus);
  yield* given(abort.grpcStatus, [...path, "grpcStatus"], (status, at) => {
    const known = GRPC_STATUSES.includes(status);
    const guess = didYouMean(status, GRPC_STATUSES);
    return refuse(at, known ? undefined : `"${status}" is no status of gRPC${guess}`);
  });
  if (abort.http2Error !== undefined) {
    yield invalid([...path, "http2Error"], "http2Error is not supported: give httpStatus");
  }
  const { httpStatus, grpcStatus, http2Error } = abort;
  if (httpStatus === undefined && grpcStatus === undefined && http2Error === undefined) {
    yield doubtful(path, "the abort has no status: give httpStatus or grpcStatus");
  }
}
