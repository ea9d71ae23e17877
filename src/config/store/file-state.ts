import { Table } from "../../base/table/table.js";
import { ABSENT } from "../../base/table/trie.js";
import { readSource, type SectionReadings, type SourceReading } from "../reading/source.js";
import type { Source, SourceBatch } from "../sources/source.js";
import { type Claims, claimsOf, NO_CLAIMS, withoutResources } from "./claim.js";
import type { Standing } from "./standing.js";

/** What is known of one path. */
export interface FileState {
  readonly root: string;
  /** Absent for what is remembered only: from a saved state, or of a directory that is empty now. */
  readonly reading?: SourceReading;
  readonly claims: Claims;
}

/** All paths. */
export interface Files {
  readonly byPath: Table<FileState>;
  /** The paths that went with all the others of their root, and so are remembered. */
  readonly lost: ReadonlySet<string>;
}

/** No paths. */
export const NO_FILES: Files = { byPath: Table.empty(), lost: new Set() };

/** How files are read. */
export interface ReadingRules {
  /** What was before, when that has weight. */
  readonly memory?: { readonly standings: Table<Standing> };
  /** Sections that were read already. */
  readonly sections?: SectionReadings;
}

/**
 * The files after a batch. With a memory, a root that has become empty or is gone keeps its files: this is rarely meant,
 * and who means it can say so by a file with a comment. They go when the root has another file and is settled.
 */
export function applyBatch(files: Files, batch: SourceBatch, rules: ReadingRules): Files {
  const { memory } = rules;
  const now = new Map<string, FileState | typeof ABSENT>();
  for (const source of batch.changed) {
    now.set(source.path, readInto(files.byPath.get(source.path), source, rules));
  }
  const emptyRoots = new Set(
    batch.roots
      .filter(({ sourceCount, isSettled }) => sourceCount === 0 || !isSettled)
      .map(({ path }) => path),
  );
  const lost = new Set<string>();
  for (const path of absentPaths(files, batch)) {
    const file = files.byPath.get(path);
    if (file === undefined || now.has(path)) continue;
    const isKept = memory !== undefined && emptyRoots.has(file.root) && file.claims.size > 0;
    if (!isKept) now.set(path, ABSENT);
    else if (!files.lost.has(path)) now.set(path, remembered(file));
    if (isKept) lost.add(path);
  }
  return { byPath: files.byPath.edited([...now]), lost };
}

function readInto(
  before: FileState | undefined,
  source: Source,
  { memory, sections }: ReadingRules,
): FileState {
  const { reading: last, claims = NO_CLAIMS } = before ?? {};
  if (before !== undefined && saysTheSame(last, source)) return before;
  const reading = readSource(source, {
    ...(last !== undefined && { reading: last }),
    ...(sections !== undefined && { sections }),
    ...(memory !== undefined && { inForce: (id: string) => memory.standings.get(id)?.inForce }),
  });
  return {
    root: source.root,
    reading,
    claims: claimsOf(reading, memory === undefined ? NO_CLAIMS : claims),
  };
}

/** Whether what was read last was read from the same. */
function saysTheSame(last: SourceReading | undefined, source: Source): boolean {
  if (last?.type === "file") return source.type === "text" && source.text === last.text;
  if (last?.type !== "none" || source.type !== "unreadable") return false;
  return source.code === last.code && source.message === last.message;
}

function remembered({ root, claims }: FileState): FileState {
  return { root, claims: withoutResources(claims) };
}

/** The paths at which there is nothing, as far as something is known of them. */
function absentPaths({ byPath, lost }: Files, batch: SourceBatch): Iterable<string> {
  if (!batch.isComplete) return [...batch.removed, ...lost];
  return byPath.keys();
}
