/** Why a mesh could not be started, or brought to what its files ask for. */
export type UpErrorCode =
  | "no-envoy"
  | "envoy-version"
  | "no-loopback"
  | "already-running"
  | "no-directory"
  | "too-many-pods";

/** A mesh that could not be started; `message` says what is wrong and `hint` what to do, each in one line. */
export class UpError extends Error {
  readonly code: UpErrorCode;
  readonly hint: string;

  constructor(code: UpErrorCode, message: string, hint: string) {
    super(message);
    this.name = "UpError";
    this.code = code;
    this.hint = hint;
  }
}
