/** Whole outputs of commands on saved dumps and meshes, as golden files. */
import { join } from "node:path";
import { expect } from "vitest";
import { run } from "./run.js";

/** Where the dumps and the expected outputs are. */
export const CONSOLE_DIRECTORY = join(import.meta.dirname, "../../golden/console");

const ADVICE = "`make golden` writes what is shown now; read the difference before you commit it\n";

/** What a command writes to its output and then to its error output, below the command. */
async function transcript(args: readonly string[]): Promise<string> {
  const paths = args.map((arg) =>
    /\.(json|txt)$|^mesh$/.test(arg) ? join(CONSOLE_DIRECTORY, arg) : arg,
  );
  const { code, stdout, stderr } = await run(paths);
  const written = `${stdout}${stderr}`.replaceAll(`${CONSOLE_DIRECTORY}/`, "");
  const shown = `$ fairlead ${args.join(" ")}\n${written}`;
  return code === 0 ? shown : `${shown}exit code ${String(code)}\n`;
}

/** Runs some commands and compares all that they write with one golden file. */
export async function expectTranscripts(
  name: string,
  commands: readonly (readonly string[])[],
): Promise<void> {
  const texts: string[] = [];
  for (const args of commands) texts.push(await transcript(args));
  await expect(texts.join("\n"), ADVICE).toMatchFileSnapshot(
    join(CONSOLE_DIRECTORY, "expected", `${name}.txt`),
  );
}
