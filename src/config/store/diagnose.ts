import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { Finding, Path } from "../kind.js";
import {
  type FilePlace,
  type PlacedSection,
  placesIn,
  type SectionPlaces,
  withoutSourceLine,
} from "../reading/place.js";
import type { FileItem, FileReading, NoReading, SourceReading } from "../reading/source.js";
import { formatRef, keyOf } from "../resource.js";
import { showable } from "../yaml/lines.js";
import type { ConfigState } from "./config-state.js";
import { describePlace, placeOfRef } from "./locate.js";

/** So many are shown of one file. */
const MAX_DIAGNOSTICS = 1000;

/** What is wrong with what is at a path now, in order. */
export function diagnosePath(state: ConfigState, path: string): readonly Diagnostic[] {
  const reading = state.files.byPath.get(path)?.reading;
  const found = reading === undefined ? [] : [...diagnoseReading(state, reading)];
  const sorted = found.sort(compareDiagnostics);
  if (sorted.length <= MAX_DIAGNOSTICS) return sorted;
  const rest = sorted.length - MAX_DIAGNOSTICS;
  const message = `${String(rest)} more like these are not shown`;
  const position = sorted[MAX_DIAGNOSTICS - 1]?.position;
  const last: Diagnostic = { severity: "note", code: "too-many-diagnostics", message };
  return [
    ...sorted.slice(0, MAX_DIAGNOSTICS),
    position === undefined ? last : { ...last, position },
  ];
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
      yield* diagnoseFile(state, reading);
  }
}

function diagnoseNoReading({ path, code, message }: NoReading): Diagnostic {
  return { severity: "error", code, message, position: { file: path, line: 1, column: 1 } };
}

function* diagnoseFile(state: ConfigState, reading: FileReading): Iterable<Diagnostic> {
  const places = new Map(
    reading.sections.map((section) => [section, placesIn(reading.path, section)]),
  );
  const placesOf = ({ section }: FileItem): SectionPlaces =>
    places.get(section) ?? placesIn(reading.path, section);
  for (const [section, found] of places) yield* diagnoseSection(section, found);
  for (const [id, found] of reading.items) {
    for (const finding of referenceFindings(state, reading.path, id)) {
      yield diagnoseFinding(placesOf(found), found.item, finding);
    }
    const rival = findRival(state, id, reading.path);
    if (rival !== undefined) yield duplicate(found.item, placesOf(found), rival);
  }
  for (const found of reading.duplicates) {
    const first = reading.items.get(found.item.id);
    const rival = first === undefined ? undefined : namePlace(placesOf(first), first.item);
    if (rival !== undefined) {
      yield duplicate(found.item, placesOf(found), describePlace(rival.position));
    }
  }
}

/** Where a text may be that must not be shown: Secrets, and private keys as such or in base64. */
const SECRET_TEXT = /kind["']?\s*:\s*["']?Secret|PRIVATE KEY|tls\.key|stringData|LS0tLS1CRUdJTi/;

function* diagnoseSection({ reading }: PlacedSection, places: SectionPlaces): Iterable<Diagnostic> {
  const { text, error, problems, items } = reading;
  if (error !== undefined) {
    const place = places.ofOffset(error.offset);
    const { code, message } = error;
    yield SECRET_TEXT.test(text)
      ? // What the parser says may quote what it stumbled upon.
        { severity: "error", code, message: "cannot be read as YAML", ...withoutSourceLine(place) }
      : { severity: "error", code, message, ...place };
  }
  for (const { document, base, finding } of problems) {
    const place = placeOfFinding(places, document, base, finding);
    const shown = SECRET_TEXT.test(text) ? withoutSourceLine(place) : place;
    yield { ...described(finding), ...shown };
  }
  for (const item of items) {
    for (const finding of item.findings) yield diagnoseFinding(places, item, finding);
  }
}

function diagnoseFinding(
  places: SectionPlaces,
  { document, base, ref }: FileItem["item"],
  finding: Finding,
): Diagnostic {
  const place = placeOfFinding(places, document, base, finding);
  const shown = ref.kind === "Secret" ? withoutSourceLine(place) : place;
  return { ...described(finding), ...shown, resource: formatRef(ref) };
}

function described({
  severity = "error",
  code,
  message,
}: Finding): Pick<Diagnostic, "severity" | "code" | "message"> {
  return { severity, code, message: showable(message) };
}

function placeOfFinding(
  places: SectionPlaces,
  document: number,
  base: Path,
  { code, path }: Finding,
): FilePlace {
  // What is wrong with an unknown field is its name.
  return places.ofMember(document, [...base, ...path], code === "unknown-field" ? "name" : "value");
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

function namePlace(places: SectionPlaces, { document, base }: FileItem["item"]): FilePlace {
  return places.ofMember(document, [...base, "metadata", "name"], "value");
}

function duplicate(item: FileItem["item"], places: SectionPlaces, rival: string): Diagnostic {
  const place = namePlace(places, item);
  return describeDuplicate(formatRef(item.ref), place, rival);
}

function describeDuplicate(resource: string, place: FilePlace, rival: string): Diagnostic {
  return {
    severity: "error",
    code: "duplicate-resource",
    message: `${resource} is at ${rival} already, which counts; remove or rename one of them`,
    ...place,
    resource,
  };
}
