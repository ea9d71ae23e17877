import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { removePrivateFile, writePrivateFile } from "../../ca/private-file.js";
import type { MadeFile } from "./made-resources.js";

/** The directory of what `up` makes. */
export interface MadeDirectory {
  readonly path: string;
  /** Makes these the files of the directory; those that are there already, as they are, are left alone. */
  set(files: readonly MadeFile[]): Promise<void>;
}

/** Opens a directory of made resources, made when it is missing, and removes what an earlier run left in it. */
export async function openMadeDirectory(path: string): Promise<MadeDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true });
  const written = new Map<string, string>();
  return {
    path,
    set: async (files) => {
      const wanted = new Map(files.map(({ name, text }) => [name, text]));
      const changed = files.filter(({ name, text }) => written.get(name) !== text);
      const gone = [...written.keys()].filter((name) => !wanted.has(name));
      await Promise.all([
        ...changed.map(({ name, text }) => writePrivateFile(join(path, name), text)),
        ...gone.map((name) => removePrivateFile(join(path, name))),
      ]);
      for (const { name, text } of changed) written.set(name, text);
      for (const name of gone) written.delete(name);
    },
  };
}
