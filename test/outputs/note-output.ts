/**
 * All that the tests have programs write for people to see: logs, what commands print, answers of debug endpoints. It is
 * noted in one place, and searched for secrets when all tests are over: see search.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pino, { type Logger } from "pino";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** The directory in which outputs are noted. */
    readonly outputs: string;
  }
}

/** What begins the outputs of a source, on a line of its own. */
export const SOURCE_MARK = "\u0001 ";

/** The directories that are there already. */
const made = new Set<string>();

/** Notes what a source wrote. */
export function noteOutput(source: string, text: string): void {
  if (text === "") return;
  const directory = inject("outputs");
  if (!made.has(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
  made.add(directory);
  appendFileSync(join(directory, String(process.pid)), `${SOURCE_MARK}${source}\n${text}\n`);
}

/** Notes what the files below a directory hold; nothing when there is none. */
export async function noteFiles(directory: string): Promise<void> {
  for (const file of await filesBelow(directory)) noteOutput(file, await readFile(file, "utf8"));
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The log of a control plane, with all that it can say; each line is noted, and given to `write`. */
export const notedLogger = (write: (line: string) => unknown = () => undefined): Logger =>
  pino(
    { level: "debug" },
    {
      write: (line: string) => {
        noteOutput("log of a control plane", line);
        write(line);
      },
    },
  );

/** A client whose answers are noted. */
export function noted<Client extends object>(source: string, client: Client): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then((value: unknown) => {
          noteOutput(`${source}: ${String(name)}`, JSON.stringify(value));
          return value;
        });
      };
    },
  });
}
