import { errorMessage } from "../base/error-message.js";
import type { ResourceTables } from "../config/snapshot.js";
import { watchSources } from "../config/sources/watch-sources.js";
import { createConfigStore } from "../config/store/config-store.js";
import { CommandError } from "./command-error.js";

/** What some directories of YAML declare now; what has errors is left out. Throws a `CommandError` when one cannot be read. */
export async function readConfig(directories: readonly string[]): Promise<ResourceTables> {
  const store = createConfigStore({ remembers: false });
  const errors: unknown[] = [];
  const watch = watchSources({
    roots: directories.map((path) => ({ path, kind: "config" })),
    onBatch: (batch) => {
      store.update(batch);
    },
    onError: (error) => {
      errors.push(error);
    },
  });
  await watch.ready;
  await watch.close();
  const [error] = errors;
  if (error !== undefined) {
    throw new CommandError(
      `${directories.join(", ")}: ${errorMessage(error)}`,
      "give a directory of YAML that can be read",
    );
  }
  return store.snapshot().tables;
}
