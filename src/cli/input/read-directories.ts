import { errorMessage } from "../../base/error-message.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { readConfig } from "../../config/watch-config.js";
import { CommandError } from "../command-error.js";

/** What some directories of YAML say now; what has errors is left out. Throws a `CommandError` when one cannot be read. */
export async function readDirectories(directories: readonly string[]): Promise<ConfigSnapshot> {
  try {
    return await readConfig(directories.map((path) => ({ path, kind: "config" })));
  } catch (error) {
    throw new CommandError(
      `${directories.join(", ")}: ${errorMessage(error)}`,
      "give a directory of YAML that can be read",
    );
  }
}
