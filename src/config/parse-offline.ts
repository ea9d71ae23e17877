import { Engine } from "../base/engine/engine.js";
import type { ConfigSnapshot } from "./snapshot.js";
import { type ConfigStoreOptions, createConfigStore } from "./store/config-store.js";

/** A file that is not read from a directory. */
export interface OfflineFile {
  /** As it is to be shown in diagnostics. */
  readonly path: string;
  readonly text: string;
}

/**
 * What some files say, by themselves: for those who check files that are not in force. What has errors is left out, what
 * refers to nothing is in the tables and has a diagnostic. Of a resource that is there twice the first by path counts.
 */
export function parseOffline(
  files: readonly OfflineFile[],
  options: Pick<ConfigStoreOptions, "checkPatch"> = {},
): ConfigSnapshot {
  const engine = new Engine({ memo: false });
  const store = createConfigStore({ ...options, engine, remembers: false });
  const root = "";
  return store.update({
    roots: [],
    changed: files.map(({ path, text }) => ({ type: "text", root, path, text })),
    removed: [],
    isComplete: true,
  });
}
