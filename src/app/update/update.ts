/** What a change of files came to, in resources and diagnostics: for the log, the events and `up`. */
import type { Diagnostic } from "../../base/diagnostic.js";
import type { Table } from "../../base/table/table.js";
import { KINDS, type Kind } from "../../config/kinds.js";
import { type ConfigResource, type ResourceRef, refOf } from "../../config/resource.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";

/** What became of one resource. */
export interface ResourceChange {
  readonly ref: ResourceRef;
  readonly action: "added" | "changed" | "removed";
}

/** What a change of files changed. */
export interface Update {
  readonly changed: readonly ResourceChange[];
  readonly newDiagnostics: readonly Diagnostic[];
  readonly clearedDiagnostics: readonly Diagnostic[];
}

function changesOf(
  before: Table<ConfigResource>,
  after: Table<ConfigResource>,
): readonly ResourceChange[] {
  return after.changesFrom(before).flatMap(({ before: old, after: now }): ResourceChange[] => {
    const resource = now ?? old;
    if (resource === undefined) return [];
    const action = old === undefined ? "added" : now === undefined ? "removed" : "changed";
    return [{ ref: refOf(resource), action }];
  });
}

function text(diagnostic: Diagnostic): string {
  return JSON.stringify(diagnostic);
}

/** Those of some diagnostics that are none of others. */
export function missingIn(
  diagnostics: readonly Diagnostic[],
  others: readonly Diagnostic[],
): readonly Diagnostic[] {
  const known = new Set(others.map(text));
  return diagnostics.filter((one) => !known.has(text(one)));
}

/** What became different from one snapshot to the next; undefined when nothing did. */
export function updateBetween(before: ConfigSnapshot, after: ConfigSnapshot): Update | undefined {
  if (before === after) return undefined;
  const kinds = Object.keys(KINDS) as Kind[];
  const changed = kinds.flatMap((kind) =>
    changesOf(
      before.tables[kind] as Table<ConfigResource>,
      after.tables[kind] as Table<ConfigResource>,
    ),
  );
  const same = before.diagnostics === after.diagnostics;
  const newDiagnostics = same ? [] : missingIn(after.diagnostics, before.diagnostics);
  const clearedDiagnostics = same ? [] : missingIn(before.diagnostics, after.diagnostics);
  const nothing = changed.length + newDiagnostics.length + clearedDiagnostics.length === 0;
  return nothing ? undefined : { changed, newDiagnostics, clearedDiagnostics };
}

/** What became of diagnostics alone; undefined when they are the same. */
export function diagnosticsBetween(
  before: readonly Diagnostic[],
  after: readonly Diagnostic[],
): Update | undefined {
  const newDiagnostics = missingIn(after, before);
  const clearedDiagnostics = missingIn(before, after);
  const isSame = newDiagnostics.length + clearedDiagnostics.length === 0;
  return isSame ? undefined : { changed: [], newDiagnostics, clearedDiagnostics };
}

/** Two updates as one. */
export function mergeUpdates(first: Update, second: Update): Update {
  return {
    changed: [...first.changed, ...second.changed],
    newDiagnostics: [...first.newDiagnostics, ...second.newDiagnostics],
    clearedDiagnostics: [...first.clearedDiagnostics, ...second.clearedDiagnostics],
  };
}
