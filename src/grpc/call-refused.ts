import type { status } from "@grpc/grpc-js";

/** A call ends with a status that its caller may know. */
export class CallRefused extends Error {
  readonly code: status;
  constructor(code: status, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CallRefused";
    this.code = code;
  }
}
