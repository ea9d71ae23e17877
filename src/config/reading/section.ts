import { isMap } from "../../base/is-map.js";
import type { Finding, Path } from "../kind.js";
import { parseSection, type SectionError } from "../yaml/parse-section.js";
import { withoutNulls } from "./nulls.js";
import { type NoResource, type ResourceReading, readResource } from "./resource.js";

/** Where in a section: the number of the document, and the path to the resource in it (`["items", 3]` in a list). */
export interface SectionPlace {
  readonly document: number;
  readonly base: Path;
}

/** A resource that a section has, and where. */
export type SectionItem = ResourceReading & SectionPlace;

/** Something wrong with what is no resource, and where. */
export interface SectionProblem extends SectionPlace {
  readonly finding: Finding;
}

/** A map that names its kind, as it was read: a resource of ours or not, in order or not. */
export interface WrittenItem extends SectionPlace {
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * What a section of a file says. It depends on the section's text alone: where in which file it stands is added when a
 * finding is shown.
 */
export interface SectionReading {
  readonly text: string;
  readonly items: readonly SectionItem[];
  /** What the items, and the resources that are none of ours, were read from. */
  readonly written: readonly WrittenItem[];
  readonly problems: readonly SectionProblem[];
  readonly error?: SectionError;
  /** Whether a resource that is not among the items is certainly not in the section. */
  readonly isWhole: boolean;
}

/** Reads a section. */
export function readSection(text: string): SectionReading {
  const parsed = parseSection(text, { keepsNull: true });
  if (parsed.error !== undefined) {
    return { text, items: [], written: [], problems: [], error: parsed.error, isWhole: false };
  }
  const items: SectionItem[] = [];
  const written: WrittenItem[] = [];
  const problems: SectionProblem[] = [];
  let isWhole = true;
  for (const [document, value] of parsed.documents.entries()) {
    for (const { base, value: part, reading } of readDocument(value)) {
      const bare = withoutNulls(part);
      if (isMap(bare) && typeof bare["kind"] === "string") {
        written.push({ document, base, value: bare });
      }
      if (reading.ref !== undefined) items.push({ ...reading, document, base });
      else {
        problems.push(...reading.findings.map((finding) => ({ document, base, finding })));
        isWhole &&= !reading.isSpoilt;
      }
    }
  }
  return { text, items, written, problems, isWhole };
}

interface DocumentPart {
  readonly base: Path;
  readonly value: unknown;
  readonly reading: ResourceReading | NoResource;
}

/** The resources of a document: none when it is empty, those of `items` when it is a list. */
function readDocument(value: unknown): readonly DocumentPart[] {
  if (value === null || value === undefined) return [];
  if (!isMap(value) || !isList(value)) return [{ base: [], value, reading: readResource(value) }];
  return value.items.map((item, index) => {
    const whole = withKindOfList(item, value);
    return { base: ["items", index], value: whole, reading: readResource(whole) };
  });
}

interface List {
  readonly apiVersion?: unknown;
  readonly kind: string;
  readonly items: readonly unknown[];
}

function isList(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & List {
  const { kind, items } = value;
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

/** The items of a `ServiceList` are Services, whether they say so or not. */
function withKindOfList(item: unknown, list: List): unknown {
  const kind = list.kind.slice(0, -"List".length);
  if (!isMap(item) || kind === "") return item;
  return { apiVersion: list.apiVersion, kind, ...item };
}
