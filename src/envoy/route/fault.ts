/** Delays and errors that a VirtualService injects. */
import {
  GRPC_STATUSES,
  type HTTPFaultInjection,
} from "../../config/kinds/networking/virtual-service/fault-injection.js";
import type { HTTPFaultJson } from "../api.js";
import { goDuration } from "../duration.js";
import { share } from "./percent.js";

function grpcStatus(text: string): number {
  const number = Number(text);
  return Number.isInteger(number) ? number : Math.max(0, GRPC_STATUSES.indexOf(text));
}

type Abort = NonNullable<HTTPFaultInjection["abort"]>;

/** The error; undefined for one without a status. */
function errorOf({ httpStatus, grpcStatus: status }: Abort): HTTPFaultJson["abort"] {
  if (status !== undefined) return { grpcStatus: grpcStatus(status) };
  return httpStatus === undefined ? undefined : { httpStatus };
}

/** The old percentage, of which nobody checks that it is one. */
const partOf = (percent = 0): number => Math.min(Math.max(percent, 0), 100);

/**
 * Delays and errors that are put into traffic on purpose. Without a percentage they are for no request. See Istio,
 * HTTPFaultInjection.
 */
export function httpFault({ delay, abort }: HTTPFaultInjection): HTTPFaultJson {
  const fixedDelay = goDuration(delay?.fixedDelay);
  const error = abort === undefined ? undefined : errorOf(abort);
  return {
    ...(fixedDelay === undefined
      ? {}
      : { delay: { fixedDelay, percentage: share(delay?.percentage, partOf(delay?.percent)) } }),
    ...(error === undefined
      ? {}
      : { abort: { ...error, percentage: share(abort?.percentage, 0) } }),
  };
}
