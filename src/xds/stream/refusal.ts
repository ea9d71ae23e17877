import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { DecodeError } from "../wire/discovery-messages.js";

/** By what an error ends a stream: what is not meant for the client is kept from it, and told to `onFault`. */
export function refusalFor(error: unknown, onFault: (fault: unknown) => void): CallRefused {
  if (error instanceof CallRefused) return error;
  if (error instanceof DecodeError) {
    return new CallRefused(status.INVALID_ARGUMENT, error.message, { cause: error });
  }
  onFault(error);
  return new CallRefused(status.INTERNAL, "internal error", { cause: error });
}
