import { join } from "node:path";
import { Readable } from "node:stream";
import { runCommandLine } from "../../../src/cli/command-line.js";

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a program would, with nobody at the terminal and `input` at the standard input. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = "",
): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const outputTo = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTerminal: false,
  });
  const code = await runCommandLine(args, {
    environment,
    installation: join(import.meta.dirname, "../../.."),
    stdin: Readable.from([Buffer.from(input)]),
    stdout: outputTo("stdout"),
    stderr: outputTo("stderr"),
    stop: new AbortController().signal,
  });
  return { code, ...written };
}
