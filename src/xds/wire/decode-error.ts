/** A peer sent what is no message of the protocol. */
export class DecodeError extends Error {
  readonly code = "decode";
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "DecodeError";
  }
}
