import { isDeepStrictEqual } from "node:util";
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { Kind } from "../kinds.js";
import { idOf } from "../reading/resource.js";
import type { SectionReadings } from "../reading/source.js";
import type { References } from "../references/dangling.js";
import type { CheckPatch } from "../references/envoy-patches.js";
import { createReferenceCheck } from "../references/references.js";
import type { ConfigSnapshot } from "../snapshot.js";
import type { SourceBatch } from "../sources/source.js";
import { advance, type ConfigState, EMPTY_STATE, type Rules } from "./config-state.js";
import { diagnosePath } from "./diagnose.js";
import { diagnoseRoot } from "./diagnose-root.js";
import { placeOfRef } from "./locate.js";
import { placeOf, type ReplacingFile, replacing } from "./replacement.js";
import { restoredState, type SavedFile } from "./saved-file.js";
import { pathsOf } from "./standing.js";
import { writtenResources } from "./written.js";

/** Turns what is found in the directories into snapshots. */
export interface ConfigStore {
  /** The snapshot after the last batch; before the first one, of what was restored. */
  readonly snapshot: () => ConfigSnapshot;
  /** Takes a batch; the snapshot after it. The same object as before when nothing changed, not even a position. */
  readonly update: (batch: SourceBatch) => ConfigSnapshot;
  /** What would be, if a directory of this name took the place of the one that is read. */
  readonly replacement: (name: string) => Replacement;
  /** What is in force by the files that it came from, to be saved. */
  readonly state: () => ConfigState;
}

/** A directory that is supposed to be in the place of another. */
export interface Replacement {
  /** The text that the store has of a file, by its path below the directory; undefined when it has none. */
  readonly textOf: (path: string) => string | undefined;
  /** The path of such a file, as it is shown. */
  readonly pathOf: (path: string) => string;
  /** Holds on to what is in force now, whatever is edited until it is asked what would be. */
  readonly begin: () => Supposing;
}

/**
 * The snapshot, were these the files of a directory. Nothing is taken; who computes with the store's engine for it does so in a
 * branch.
 */
export type Supposing = (
  files: readonly ReplacingFile[],
  sections: SectionReadings,
) => ConfigSnapshot;

/** Options of a store. */
export interface ConfigStoreOptions {
  /** Remembers what was computed; a new one when absent. */
  readonly engine?: Engine;
  /**
   * Whether what is in force stays in force when what files say now is wrong, and what refers to nothing is held back;
   * true when absent. Without it a snapshot depends on the files alone, not on what they said before.
   */
  readonly remembers?: boolean;
  /** Reads the patches of EnvoyFilters by Envoy's API, which this part does not know; nothing is said of them when absent. */
  readonly checkPatch?: CheckPatch;
  /** Roots that are none of the user's: no directory takes their place. */
  readonly made?: readonly string[];
  /** What was in force when a store before this one was closed. */
  readonly saved?: readonly SavedFile[];
}

/** What is shown of a state: diagnostics by path, and the snapshot. */
interface View {
  readonly state: ConfigState;
  readonly byPath: Table<readonly Diagnostic[]>;
  readonly ofRoots: readonly Diagnostic[];
  readonly snapshot: ConfigSnapshot;
}

/** A store without files but what it is given as saved. */
export function createConfigStore(options: ConfigStoreOptions = {}): ConfigStore {
  const { engine = new Engine(), remembers = true, saved = [], made = [], checkPatch } = options;
  const rules: Rules = { checkReferences: createReferenceCheck(engine, checkPatch), remembers };
  let view = firstView(restoredState(EMPTY_STATE, saved));
  return {
    snapshot: () => view.snapshot,
    state: () => view.state,
    replacement: (name) => {
      const { state } = view;
      const place = placeOf(state, name, made);
      return {
        textOf: (path) => textAt(state, place.pathOf(path)),
        pathOf: place.pathOf,
        begin: () => {
          const now = view;
          return (files, sections) => {
            const batch = replacing(now.state, placeOf(now.state, name, made), files);
            return nextView(now, advance(now.state, batch, { ...rules, sections })).snapshot;
          };
        },
      };
    },
    update: (batch) => {
      view = nextView(view, advance(view.state, batch, rules));
      return view.snapshot;
    },
  };
}

function textAt({ files }: ConfigState, path: string): string | undefined {
  const reading = files.byPath.get(path)?.reading;
  return reading?.type === "file" ? reading.text : undefined;
}

function firstView(state: ConfigState): View {
  return { state, byPath: Table.empty(), ofRoots: [], snapshot: snapshotOf(state, []) };
}

function nextView(before: View, state: ConfigState): View {
  const byPath = diagnose(before, state);
  const ofRoots = state.roots.flatMap((root) => diagnoseRoot(root, keepsFiles(state, root.path)));
  const isSame = byPath === before.byPath && isDeepStrictEqual(ofRoots, before.ofRoots);
  const diagnostics = isSame ? before.snapshot.diagnostics : allDiagnostics(byPath, ofRoots);
  const isSameSnapshot =
    isSame &&
    state.files.byPath === before.state.files.byPath &&
    state.tables === before.state.tables;
  const snapshot = isSameSnapshot ? before.snapshot : snapshotOf(state, diagnostics);
  return { state, byPath, ofRoots: isSame ? before.ofRoots : ofRoots, snapshot };
}

function snapshotOf(state: ConfigState, diagnostics: readonly Diagnostic[]): ConfigSnapshot {
  return {
    tables: state.tables,
    diagnostics,
    locate: (ref, path) => {
      const isInForce = state.standings.get(idOf(ref))?.inForce;
      return isInForce === undefined ? undefined : placeOfRef(state, ref, path);
    },
    written: () => writtenResources(state),
  };
}

function keepsFiles({ files }: ConfigState, root: string): boolean {
  return [...files.lost].some((path) => files.byPath.get(path)?.root === root);
}

function allDiagnostics(
  byPath: View["byPath"],
  ofRoots: readonly Diagnostic[],
): readonly Diagnostic[] {
  return [...ofRoots, ...[...byPath.values()].flat()].sort(compareDiagnostics);
}

/** The diagnostics of every path: made again for the paths that a change touches. */
function diagnose(before: View, state: ConfigState): View["byPath"] {
  let { byPath } = before;
  for (const path of touchedPaths(before.state, state)) {
    const now = diagnosePath(state, path);
    if (isDeepStrictEqual(now, byPath.get(path) ?? [])) continue;
    byPath = now.length === 0 ? byPath.without(path) : byPath.with(path, now);
  }
  return byPath;
}

function touchedPaths(before: ConfigState, state: ConfigState): ReadonlySet<string> {
  const { standings } = state;
  const touched = new Set([
    ...state.files.byPath.changesFrom(before.files.byPath).map(({ key }) => key),
    ...standings.changesFrom(before.standings).flatMap(pathsOf),
    ...changedReferences(before, state).flatMap((id) => standings.get(id)?.path ?? []),
  ]);
  const rivals = [...state.contested].map((id) => [...(state.claims.get(id)?.keys() ?? [])]);
  const touchedRivals = rivals.filter((paths) => paths.some((path) => touched.has(path)));
  return new Set([...touched, ...touchedRivals.flat()]);
}

/** The ids of the resources with other references that lead nowhere than before. */
function changedReferences(before: ConfigState, state: ConfigState): readonly string[] {
  const ids: string[] = [];
  for (const [kind, tables] of Object.entries(state.references)) {
    for (const [i, table] of tables.entries()) {
      const old = before.references[kind as Kind]?.[i] ?? Table.empty<References>();
      for (const { key } of table.changesFrom(old)) ids.push(`${kind}/${key}`);
    }
  }
  return ids;
}
