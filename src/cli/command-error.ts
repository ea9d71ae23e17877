/** A command that cannot do what it was asked; `message` says why and `hint` what to do. */
export class CommandError extends Error {
  readonly hint: string;
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(message: string, hint: string, exitCode = 1) {
    super(message);
    this.name = "CommandError";
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/** The exit code for a command line that cannot be understood. */
export const USAGE = 2;

/** The exit code of a command that was ended before it was done. See Bash, "Exit Status": 128 and the number of the signal. */
export const INTERRUPTED = 130;

/** Ends a command that has said all, with an exit code that tells what it found. */
export class CommandExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.name = "CommandExit";
    this.exitCode = exitCode;
  }
}

/**
 * An error as the lines that the user is shown: what is wrong and, when it is known, what to do. An error that nobody foresaw is
 * shown with where it came from, because then it is a fault of fairlead.
 */
export function describeError(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [`error: ${String(error)}`];
  const { message, stack } = error;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  if (hint !== undefined) return [`error: ${message}`, `  ${hint}`];
  // Errors of ours have a code of words; those of Node have one of capitals, or none.
  const foreseen =
    "code" in error && typeof error.code === "string" && /^[a-z-]+$/.test(error.code);
  return foreseen ? [`error: ${message}`] : `error: ${stack ?? message}`.split("\n");
}
