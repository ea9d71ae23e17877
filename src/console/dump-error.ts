/** A text that is not what a command can show. */
export class DumpError extends Error {
  readonly code = "bad-dump";
  /** What would be right. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DumpError";
    this.hint = hint;
  }
}
