import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { Finding, Path } from "../kind.js";
import { formatRef } from "../resource.js";
import { showable } from "../yaml/lines.js";
import {
  describePlace,
  type FilePlace,
  mayHoldSecret,
  type PlacedSection,
  placesIn,
  type SectionPlaces,
} from "./place.js";
import type { SectionItem } from "./section.js";
import type { FileItem, FileReading, NoReading } from "./source.js";

/** So many are shown of one file. */
const MAX_DIAGNOSTICS = 1000;

/** The diagnostics of one file in order; of too many the first ones, and how many there are more. */
export function inOrder(found: Iterable<Diagnostic>): readonly Diagnostic[] {
  const sorted = [...found].sort(compareDiagnostics);
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

/** Finds the places of the section that a resource is in. */
export type PlacesOf = (item: Pick<FileItem, "section">) => SectionPlaces;

/** The places of all sections of a file; what is needed to find them is made once. */
export function placesOfItems({ path, sections }: FileReading): PlacesOf {
  const places = new Map(sections.map((section) => [section, placesIn(path, section)]));
  return ({ section }) => places.get(section) ?? placesIn(path, section);
}

/** What is wrong with a file by itself: with its YAML, with each of its resources, and with what it has twice. */
export function* diagnoseFile(reading: FileReading, placesOf: PlacesOf): Iterable<Diagnostic> {
  for (const section of reading.sections) yield* diagnoseSection(section, placesOf({ section }));
  yield* diagnoseDuplicates(reading, placesOf);
}

/** Why it is not known what a file says. */
export function diagnoseNoReading({ path, code, message }: NoReading): Diagnostic {
  return { severity: "error", code, message, position: { file: path, line: 1, column: 1 } };
}

function* diagnoseSection({ reading }: PlacedSection, places: SectionPlaces): Iterable<Diagnostic> {
  const { error, problems, items } = reading;
  if (error !== undefined) {
    const { code, message, offset } = error;
    // What the parser says may quote what it stumbled upon.
    const told = mayHoldSecret(reading) ? "cannot be read as YAML" : message;
    yield { severity: "error", code, message: told, ...places.ofOffset(offset) };
  }
  for (const { document, base, finding } of problems) {
    yield { ...described(finding), ...placeOfFinding(places, document, base, finding) };
  }
  for (const item of items) {
    for (const finding of item.findings) yield diagnoseFinding(places, item, finding);
  }
}

/** A finding in a resource, with its place. */
export function diagnoseFinding(
  places: SectionPlaces,
  { document, base, ref }: SectionItem,
  finding: Finding,
): Diagnostic {
  const place = placeOfFinding(places, document, base, finding);
  return { ...described(finding), ...place, resource: formatRef(ref) };
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

/** The resources that a file has twice, where they do not count. */
function* diagnoseDuplicates(
  { duplicates, items }: FileReading,
  placesOf: PlacesOf,
): Iterable<Diagnostic> {
  for (const found of duplicates) {
    const first = items.get(found.item.id);
    const rival = first === undefined ? undefined : namePlace(placesOf(first), first.item);
    if (rival !== undefined) {
      yield duplicate(found.item, placesOf(found), describePlace(rival.position));
    }
  }
}

/** That a resource does not count, because there is another of its name at `rival`. */
export function duplicate(item: SectionItem, places: SectionPlaces, rival: string): Diagnostic {
  const place = namePlace(places, item);
  return describeDuplicate(formatRef(item.ref), place, rival);
}

/** As `duplicate`, for what is not in a file of YAML. */
export function describeDuplicate(resource: string, place: FilePlace, rival: string): Diagnostic {
  return {
    severity: "error",
    code: "duplicate-resource",
    message: `${resource} is at ${rival} already, which counts; remove or rename one of them`,
    ...place,
    resource,
  };
}

function namePlace(places: SectionPlaces, { document, base }: SectionItem): FilePlace {
  return places.ofMember(document, [...base, "metadata", "name"], "value");
}
