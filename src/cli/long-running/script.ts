/**
 * Programs that are one script. V8 can take compiled code of a script from a file, which it cannot of modules in Node 20; then
 * it neither reads nor compiles the script but for the functions that had not been compiled by then.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";

/** The file with the compiled code of a script. */
export function compiledPath(path: string): string {
  return `${path}.compiled`;
}

/** A script that has run. */
export interface LoadedScript<Exports> {
  readonly exports: Exports;
  /** What V8 has compiled of it until now, for the file beside it. */
  readonly compiled: () => Buffer;
}

/** What the text of a script evaluates to: its module as a function, with the names of those of CommonJS, which nothing in it has. */
type Body = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
) => void;

/**
 * Runs a script. Compiled code that is not there, is damaged, or was made by another V8 or with other flags of it, is made anew.
 * @throws the error of `node:fs` when the script is not there, and what the script throws
 */
export function loadScript<Exports>(path: string): LoadedScript<Exports> {
  const compiled = compiledPath(path);
  const script = new Script(readFileSync(path, "utf8"), {
    filename: path,
    ...(existsSync(compiled) && { cachedData: readFileSync(compiled) }),
  });
  const body = script.runInThisContext() as Body;
  const module = { exports: {} };
  body(module.exports, createRequire(path), module, path);
  return { exports: module.exports as Exports, compiled: () => script.createCachedData() };
}
