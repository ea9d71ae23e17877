/** Why a control plane cannot start or go on. */
export type AppErrorCode =
  | "port-taken"
  | "port-denied"
  | "address-unknown"
  | "socket-unusable"
  | "state-unusable"
  | "issuers-unusable"
  | "roots-unusable"
  | "host-unusable"
  | "package-incomplete";

/** A failure for the person who started the control plane: what is wrong, and what to do. */
export class AppError extends Error {
  readonly code: AppErrorCode;
  /** What to do, in one line. */
  readonly hint: string;
  constructor(
    code: AppErrorCode,
    message: string,
    options: { readonly hint: string; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = options.hint;
  }
}
