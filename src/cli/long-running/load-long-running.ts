import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as LongRunning from "./long-running.js";
import { loadScript } from "./script.js";

/** The script beside this file in the bundle; the sources have none. */
const SCRIPT = fileURLToPath(new URL("./long-running.script.js", import.meta.url));

/** The commands that run until they are ended. They need most of the code that there is, which takes long to read as modules. */
export async function loadLongRunning(): Promise<typeof LongRunning> {
  return existsSync(SCRIPT)
    ? loadScript<typeof LongRunning>(SCRIPT).exports
    : await import("./long-running.js");
}
