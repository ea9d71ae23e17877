import { join } from "node:path";
import { runCommandLine } from "../../../src/cli/command-line.js";

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as a program would, with nobody at the terminal. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
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
    stdout: outputTo("stdout"),
    stderr: outputTo("stderr"),
    stop: new AbortController().signal,
  });
  return { code, ...written };
}
