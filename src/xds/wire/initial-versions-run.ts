/** Reads initial_resource_versions where they stand in a request: not before somebody asks for them, and most often nobody does. */
import { ByteWords, digestOf, EntrySums } from "../state/request/entry-sums.js";
import type { InitialVersions } from "../state/request/initial-versions.js";
import { type EntryRun, forEachEntry } from "./repeated-fields.js";

/** The versions that stand in these runs of a message. */
export function versionsAt(message: Buffer, runs: readonly EntryRun[]): InitialVersions {
  const size = runs.reduce((sum, { count }) => sum + count, 0);
  return {
    size,
    entries: () => {
      const versions = new Map<string, string>();
      for (const run of runs) {
        forEachEntry(message, run, ({ name, nameEnd, version, versionEnd }) => {
          const key = message.toString("utf8", name, nameEnd);
          versions.set(key, message.toString("utf8", version, versionEnd));
        });
      }
      return versions;
    },
    digest: (seed) => {
      const text = new ByteWords(message);
      const all = new EntrySums(seed);
      for (const run of runs) {
        forEachEntry(message, run, (span) => {
          all.add(text, span);
        });
      }
      return digestOf(size, all.sums);
    },
  };
}
