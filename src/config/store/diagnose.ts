import type { Diagnostic } from "../../base/diagnostic.js";
import type { Finding } from "../kind.js";
import {
  describeDuplicate,
  diagnoseFile,
  diagnoseFinding,
  diagnoseNoReading,
  duplicate,
  inOrder,
  placesOfItems,
} from "../reading/diagnose-reading.js";
import { describePlace } from "../reading/place.js";
import type { FileReading, SourceReading } from "../reading/source.js";
import { formatRef, keyOf } from "../resource.js";
import type { ConfigState } from "./config-state.js";
import { placeOfRef } from "./locate.js";

/** What is wrong with what is at a path now, in order. */
export function diagnosePath(state: ConfigState, path: string): readonly Diagnostic[] {
  const reading = state.files.byPath.get(path)?.reading;
  return reading === undefined ? [] : inOrder(diagnoseReading(state, reading));
}

function* diagnoseReading(state: ConfigState, reading: SourceReading): Iterable<Diagnostic> {
  switch (reading.type) {
    case "none":
      yield diagnoseNoReading(reading);
      return;
    case "folder": {
      yield* reading.secret.diagnostics;
      const rival = findRival(state, reading.secret.id, reading.path);
      if (rival === undefined) return;
      const position = { file: `${reading.path}/tls.crt`, line: 1, column: 1 };
      yield describeDuplicate(formatRef(reading.secret.ref), { position }, rival);
      return;
    }
    case "file":
      yield* diagnoseFileAmongOthers(state, reading);
  }
}

function* diagnoseFileAmongOthers(state: ConfigState, reading: FileReading): Iterable<Diagnostic> {
  const placesOf = placesOfItems(reading);
  yield* diagnoseFile(reading, placesOf);
  for (const [id, found] of reading.items) {
    for (const finding of referenceFindings(state, reading.path, id)) {
      yield diagnoseFinding(placesOf(found), found.item, finding);
    }
    const rival = findRival(state, id, reading.path);
    if (rival !== undefined) yield duplicate(found.item, placesOf(found), rival);
  }
}

/** The references of a resource that lead nowhere, unless it is not this file's resource that counts. */
function referenceFindings(state: ConfigState, path: string, id: string): readonly Finding[] {
  const standing = state.standings.get(id);
  const claim = state.claims.get(id)?.get(path);
  if (standing?.path !== path || claim?.resource === undefined) return [];
  const tables = state.references[standing.ref.kind as keyof typeof state.references] ?? [];
  const found = tables.flatMap((table) => table.get(keyOf(standing.ref)) ?? []);
  const { candidate, inForce } = standing;
  return found.flatMap(({ findings, isHeldBack }) =>
    isHeldBack && inForce !== candidate
      ? findings.map((finding) => withConsequence(finding, inForce !== undefined))
      : findings,
  );
}

function withConsequence(finding: Finding, hasOlder: boolean): Finding {
  const stays = hasOlder ? "the version before stays in force" : "the resource has no effect";
  return { ...finding, message: `${finding.message}; until then ${stays}` };
}

/** Where the resource is that counts, when it is another file's. */
function findRival(state: ConfigState, id: string, path: string): string | undefined {
  const standing = state.standings.get(id);
  if (standing === undefined || standing.path === path) return undefined;
  const place = placeOfRef(state, standing.ref, ["metadata", "name"]);
  return place === undefined ? standing.path : describePlace(place);
}
