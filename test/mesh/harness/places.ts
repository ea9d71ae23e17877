/** The directories of a mesh under test, and edits of its files. */

import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Settled } from "../../../src/app/update/followed-update.js";
import type { ControlPlane } from "../../../src/app.js";
import type { Closers } from "../../lifetimes.js";
import { noteFiles } from "../../outputs/note-output.js";

/** Files of a directory, by their names in it. */
export type Files = Readonly<Record<string, string>>;

/** Where a mesh has its files. */
export interface Places {
  /** The directory of YAML. */
  readonly directory: string;
  /** The directory of secrets. */
  readonly secrets: string;
  /** The state directory: the mesh's own keys among other things. */
  readonly state: string;
}

/** Edits of the directory of YAML. */
export interface Edits {
  /** Writes a file in one step; resolves when the proxies that it concerns have answered. */
  write(name: string, text: string): Promise<Settled>;
  /** Writes a file that is new, likewise; it is removed when the test is over. */
  writeForTest(name: string, text: string): Promise<Settled>;
  /** Edits a file in one step, likewise. */
  edit(name: string, change: (text: string) => string): Promise<Settled>;
  /** Removes a file, likewise. */
  remove(name: string): Promise<Settled>;
  /** The next change that has settled; ask for it before you make the change. */
  settled(): Promise<Settled>;
}

/** The checkout. */
export const INSTALLATION = fileURLToPath(new URL("../../../", import.meta.url));

/** Tests run the sources, but a thread has to be a built program. */
export const ECHO_PROGRAM = new URL("../../../dist/echo-worker.js", import.meta.url);

/** Makes the directories of a mesh, with its files and its secrets by `namespace/name/file`. */
export async function makePlaces(
  files: Files,
  secretFiles: Files,
  closers: Closers,
): Promise<Places> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-mesh-"));
  closers.push(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o700);
  const directory = join(root, "mesh");
  const secrets = join(root, "secrets");
  const state = join(root, "state");
  // Those of all that writes them: they are whole when it has ended.
  closers.push(() => noteFiles(join(state, "logs")));
  await mkdir(directory);
  await mkdir(secrets);
  for (const [name, text] of Object.entries(files)) await writeAtOnce(join(directory, name), text);
  for (const [name, text] of Object.entries(secretFiles)) {
    await writeAtOnce(join(secrets, name), text);
  }
  return { directory, secrets, state };
}

/** Writes a file, with the folders that it is in, so that nobody sees a half of it. */
export async function writeAtOnce(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.new`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}

/** Edits of a directory that a control plane follows. */
export function createEdits(
  directory: string,
  controlPlane: () => Pick<ControlPlane, "onSettled">,
): Edits {
  const settled = (): Promise<Settled> =>
    new Promise((resolve) => {
      const stop = controlPlane().onSettled((event) => {
        stop();
        resolve(event);
      });
    });
  const afterwards = async (change: () => Promise<void>): Promise<Settled> => {
    const done = settled();
    await change();
    return done;
  };
  const write = (name: string, text: string): Promise<Settled> =>
    afterwards(() => writeAtOnce(join(directory, name), text));
  const remove = (name: string): Promise<Settled> => afterwards(() => rm(join(directory, name)));
  return {
    write,
    writeForTest: async (name, text) => {
      onTestFinished(async () => {
        // Written twice in a test, it is gone by now.
        if (existsSync(join(directory, name))) await remove(name);
      });
      return write(name, text);
    },
    edit: async (name, change) =>
      write(name, change(await readFile(join(directory, name), "utf8"))),
    remove,
    settled,
  };
}
