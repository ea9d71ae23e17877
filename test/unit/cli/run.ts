import { join } from "node:path";
import { Readable } from "node:stream";
import { runCommandLine } from "../../../src/cli/command-line.js";
import { noteOutput } from "../../outputs/note-output.js";

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What must not have secrets: of the command that makes a token all but that. */
const saidOf = (
  args: readonly string[],
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): string => (args.includes("token") && args.includes("create") ? stderr : stdout + stderr);

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
  // What it is told beside is no output, and may be secret.
  noteOutput(`fairlead ${args.slice(0, 2).join(" ")}`, saidOf(args, written));
  return { code, ...written };
}
