import type { StatusCode } from "./status-code.js";

/** A call ends with a status that its caller may know. */
export class CallRefused extends Error {
  readonly code: StatusCode;
  constructor(code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CallRefused";
    this.code = code;
  }
}
