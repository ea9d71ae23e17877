/** Whole outputs of commands on saved dumps and meshes, as golden files. */
import { join } from "node:path";
import { expect } from "vitest";
import { run } from "./run.js";

/** Where the dumps and the expected outputs are. */
export const CONSOLE_DIRECTORY = join(import.meta.dirname, "../../golden/console");

const ADVICE = "`make golden` writes what is shown now; read the difference before you commit it\n";

/** What is not the same each time, and what is written for it. */
export type Replacements = Readonly<Record<string, string>>;

/** What a command writes to its output and then to its error output, below the command. */
async function transcript(args: readonly string[], replacements: Replacements): Promise<string> {
  const paths = args.map((arg) => (/\.(json|txt)$/.test(arg) ? join(CONSOLE_DIRECTORY, arg) : arg));
  const { code, stdout, stderr } = await run(paths);
  const exit = code === 0 ? "" : `exit code ${String(code)}\n`;
  const written = `$ fairlead ${args.join(" ")}\n${stdout}${stderr}${exit}`;
  return Object.entries({ [`${CONSOLE_DIRECTORY}/`]: "", ...replacements }).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    written,
  );
}

/** Runs some commands and compares all that they write with one golden file. */
export async function expectTranscripts(
  name: string,
  commands: readonly (readonly string[])[],
  replacements: Replacements = {},
): Promise<void> {
  const texts: string[] = [];
  for (const args of commands) texts.push(await transcript(args, replacements));
  await expect(texts.join("\n"), ADVICE).toMatchFileSnapshot(
    join(CONSOLE_DIRECTORY, "expected", `${name}.txt`),
  );
}
