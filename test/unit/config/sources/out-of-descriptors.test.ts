/** What a watch makes of a directory and of files while the process may open no more of them. */
import fs, { renameSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type SourceWatch, watchSources } from "../../../../src/config/sources/watch-sources.js";
import { temporaryDirectory, writeFiles } from "./temporary-directory.js";

const tooMany = (): Error => Object.assign(new Error("too many open files"), { code: "EMFILE" });

/** From now on nothing can be opened; the result ends that. */
function openNothing(): () => void {
  const { open } = fs;
  const { readdir } = fs.promises;
  const set = (functions: object, promises: object): void => {
    Object.assign(fs, functions);
    Object.assign(fs.promises, promises);
    syncBuiltinESMExports();
  };
  const end = (): void => {
    set({ open }, { readdir });
  };
  const fail = (_path: string, _flags: number, done: (error: Error) => void): void => {
    done(tooMany());
  };
  set({ open: fail }, { readdir: () => Promise.reject(tooMany()) });
  onTestFinished(end);
  return end;
}

interface Watching {
  readonly watch: SourceWatch;
  /** All that there is: texts, or the names of the files of secrets, by the path below the directory. */
  readonly known: ReadonlyMap<string, string>;
}

function watching(directory: string, kind: "config" | "secrets"): Watching {
  const known = new Map<string, string>();
  const below = (path: string): string => path.slice(directory.length + 1);
  const watch = watchSources({
    roots: [{ path: directory, kind }],
    onBatch: ({ changed, removed }) => {
      for (const path of removed) known.delete(below(path));
      for (const source of changed) {
        if (source.type === "text") known.set(below(source.path), source.text);
        if (source.type === "secret")
          known.set(below(source.path), Object.keys(source.files).join());
      }
    },
    onError: (error) => {
      throw error;
    },
  });
  onTestFinished(watch.close);
  return { watch, known };
}

test.each([
  { kind: "config" as const, files: { "a.yaml": "1", "b/c.yaml": "2" } },
  { kind: "secrets" as const, files: { "default/a/tls.crt": "1", "default/b/tls.crt": "2" } },
])("takes nothing back of $kind that cannot be looked into", async ({ kind, files }) => {
  const directory = temporaryDirectory();
  writeFiles(directory, files);
  const { watch, known } = watching(directory, kind);
  await watch.ready;
  const before = new Map(known);
  expect(before.size).toBe(2);
  const end = openNothing();
  await watch.refresh();
  expect(known).toEqual(before);
  end();
  await watch.refresh();
  expect(known).toEqual(before);
});

test.each(["at first", "after an edit"])("reads again what could not be read %s", async (when) => {
  const directory = temporaryDirectory();
  writeFiles(directory, { "a.yaml": "1", "b.tmp": "2" });
  const { watch, known } = watching(directory, "config");
  const isAtFirst = when === "at first";
  if (!isAtFirst) await watch.ready;
  const { readdir } = fs.promises;
  const end = openNothing();
  fs.promises.readdir = readdir;
  syncBuiltinESMExports();
  if (!isAtFirst) renameSync(join(directory, "b.tmp"), join(directory, "a.yaml"));
  while (!watch.isLooking()) await setImmediate();
  await watch.ready;
  await watch.refresh();
  expect(known).toEqual(new Map(isAtFirst ? [] : [["a.yaml", "1"]]));
  end();
  await watch.refresh();
  expect(known).toEqual(new Map([["a.yaml", isAtFirst ? "1" : "2"]]));
});
