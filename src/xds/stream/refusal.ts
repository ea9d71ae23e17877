import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { DecodeError } from "../wire/decode-error.js";

/** The status with which an error ends a stream. What the client is not meant to see is told to `onFault` instead. */
export function refusalFor(error: unknown, onFault: (fault: unknown) => void): CallRefused {
  if (error instanceof CallRefused) return error;
  if (error instanceof DecodeError) {
    return new CallRefused(status.INVALID_ARGUMENT, error.message, { cause: error });
  }
  onFault(error);
  return new CallRefused(status.INTERNAL, "internal error", { cause: error });
}
