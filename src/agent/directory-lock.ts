/** One agent a directory: two would each give Envoy another certificate. */
import { join } from "node:path";
import { removePrivateFile } from "../ca/private-file.js";
import { takeLock } from "../up/state/process-lock.js";
import { AgentError } from "./agent-error.js";

/**
 * Takes a directory for this process, with a file of this name; returns how to give it back.
 * @throws AgentError when another process that runs has it
 */
export async function lockDirectory(directory: string, name: string): Promise<() => Promise<void>> {
  const file = join(directory, name);
  const holder = await takeLock(file);
  if (holder !== undefined) {
    throw new AgentError(
      "already-running",
      `another fairlead agent (process ${holder}) keeps the identity in ${directory}`,
      "end that one first, or give this one a directory of its own with --identity",
    );
  }
  return async () => {
    await removePrivateFile(file);
  };
}
