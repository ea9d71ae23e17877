import pc from "picocolors";

/** Where a command writes. */
export interface Output {
  write(text: string): void;
  /** A person reads it. */
  readonly isTerminal: boolean;
}

/** What a command is given of the process that it runs in. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The directory in which fairlead is installed, which holds its package.json. */
  readonly installation: string;
  /** What a file called `-` says. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** What was asked for. */
  readonly stdout: Output;
  /** What is said about it. */
  readonly stderr: Output;
  /** Aborted when the command is to end: Ctrl-C, SIGTERM. */
  readonly stop: AbortSignal;
}

/** Resolves when the command is to end. */
export function stopped({ stop }: CommandContext): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener(
      "abort",
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

/** The colours in which to write there: none where no person reads, or where none are wanted. See https://no-color.org. */
export function colorsFor(
  { environment }: CommandContext,
  { isTerminal }: Output,
): ReturnType<typeof pc.createColors> {
  return pc.createColors(isTerminal && (environment["NO_COLOR"] ?? "") === "");
}
