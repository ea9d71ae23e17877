import type { Diagnostic } from "../../base/diagnostic.js";
import { inBatches } from "../../base/steps/in-batches.js";
import { Table } from "../../base/table/table.js";
import { findConfig } from "./find-config.js";
import { findSecrets } from "./find-secrets.js";
import type { Found } from "./found.js";
import { readFound } from "./read-found.js";
import { type ConfigRoot, DEFAULT_LIMITS, FILES_AT_ONCE, type SourceLimits } from "./root.js";
import type { OnDirectory } from "./search.js";
import type { RootStatus, Source, SourceBatch } from "./source.js";

/** What a root has at one moment. */
export interface RootScan {
  readonly root: ConfigRoot;
  readonly exists: boolean;
  /** By path. */
  readonly found: Table<Found>;
  /** The directories in which a change matters, with what identifies them. */
  readonly directories: ReadonlyMap<string, string>;
  readonly problems: readonly Diagnostic[];
}

/** Looks at all of a root, without reading its files. */
export async function scanRoot(
  root: ConfigRoot,
  limits: SourceLimits,
  onDirectory?: OnDirectory,
): Promise<RootScan> {
  const find = root.kind === "secrets" ? findSecrets : findConfig;
  const search = { root: root.path, from: root.path, limits, onDirectory };
  const { found, directories, exists } = await find(search);
  const taken = found.slice(0, limits.files).map((one) => [one.path, one] as const);
  const problems = found.length > limits.files ? [tooMany(root, found.length, limits)] : [];
  return { root, exists, found: Table.from(taken), directories, problems };
}

function tooMany({ path }: ConfigRoot, count: number, { files }: SourceLimits): Diagnostic {
  const message = `there are ${String(count)} files; only the first ${String(files)} by name are read`;
  const position = { file: path, line: 1, column: 1 };
  return { severity: "error", code: "too-many-files", message, position };
}

/** What a scan says of a root as a whole. */
export function statusOf({ root, exists, found, problems }: RootScan): RootStatus {
  const { path, kind } = root;
  return { path, kind, exists, sourceCount: found.size, isSettled: true, problems };
}

/** Reads what was found, in the order of the paths; what has gone meanwhile is left out. */
export async function readAll(
  found: Iterable<Found>,
  limits: SourceLimits,
): Promise<readonly Source[]> {
  const sorted = [...found].sort((a, b) => (a.path < b.path ? -1 : 1));
  const sources = await inBatches(sorted, FILES_AT_ONCE, (one) => readFound(one, limits));
  return sources.filter((source) => source !== undefined);
}

/** All that is in some directories at one moment, for those who do not wait for changes. */
export async function readSources(
  roots: readonly ConfigRoot[],
  limits: SourceLimits = DEFAULT_LIMITS,
): Promise<SourceBatch> {
  const scans = await Promise.all(roots.map((root) => scanRoot(root, limits)));
  const found = scans.flatMap((scan) => [...scan.found.values()]);
  return {
    roots: scans.map(statusOf),
    changed: await readAll(found, limits),
    removed: [],
    isComplete: true,
  };
}
