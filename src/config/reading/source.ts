import { isDeepStrictEqual } from "node:util";
import type { ConfigResource } from "../resource.js";
import type { SecretSource, Source, TextSource, UnreadableSource } from "../sources/source.js";
import { splitSections } from "../yaml/sections.js";
import type { PlacedSection } from "./place.js";
import { readSecret, type SecretReading } from "./secret.js";
import { readSection, type SectionItem, type SectionReading } from "./section.js";

/** A resource in a file, and the section that it is in. */
export interface FileItem {
  readonly section: PlacedSection;
  readonly item: SectionItem;
}

/** What a file says. */
export interface FileReading {
  readonly type: "file";
  readonly path: string;
  readonly text: string;
  readonly sections: readonly PlacedSection[];
  /** By id; of resources that the file has twice, the one that counts. */
  readonly items: ReadonlyMap<string, FileItem>;
  /** The ones that do not count, because the file has them twice. */
  readonly duplicates: readonly FileItem[];
  /** Whether a resource that is not among the items is certainly not in the file. */
  readonly isWhole: boolean;
}

/** What a folder of a secrets directory says. */
export interface FolderReading {
  readonly type: "folder";
  readonly path: string;
  readonly secret: SecretReading;
}

/** Why it is not known what a file says now. */
export interface NoReading {
  readonly type: "none";
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** What the file said when that was known last. */
  readonly last?: FileReading;
}

/** What was read at one path. */
export type SourceReading = FileReading | FolderReading | NoReading;

/** What is remembered of a path while what is there now is read. */
export interface ReadingHistory {
  /** What was read last: sections whose text did not change are not read again. */
  readonly reading?: SourceReading;
  /**
   * The resource that is in force under an id. When given, what was before has weight: of a resource that the file has
   * twice the one in force counts, and a file that looks as if it were being written (it is empty, or was cut in the
   * middle of a line) is not read yet.
   */
  readonly inForce?: (id: string) => ConfigResource | undefined;
  /** Sections that were read already, by their texts. */
  readonly sections?: SectionReadings;
}

/** What sections say, by their texts. */
export type SectionReadings = ReadonlyMap<string, SectionReading>;

/** Reads what was found at a path. */
export function readSource(source: Source, history: ReadingHistory = {}): SourceReading {
  switch (source.type) {
    case "text":
      return readFile(source, history);
    case "secret":
      return readFolder(source);
    case "unreadable":
      return readNothing(source, history);
  }
}

function readFolder(source: SecretSource): FolderReading {
  return { type: "folder", path: source.path, secret: readSecret(source) };
}

function readNothing(
  { path, code, message }: UnreadableSource,
  { reading }: ReadingHistory,
): NoReading {
  const last = lastReading(reading);
  return { type: "none", path, code, message, ...(last !== undefined && { last }) };
}

function lastReading(reading: SourceReading | undefined): FileReading | undefined {
  if (reading?.type === "file") return reading;
  return reading?.type === "none" ? reading.last : undefined;
}

function readFile(source: TextSource, history: ReadingHistory): FileReading | NoReading {
  const { path, root, text } = source;
  const last = lastReading(history.reading);
  const before = history.inForce === undefined ? undefined : last?.text;
  const unfinished = describeUnfinished(text, before);
  if (unfinished !== undefined) {
    return readNothing({ type: "unreadable", path, root, ...unfinished }, history);
  }
  const known = new Map(last?.sections.map(({ reading }) => [reading.text, reading]));
  const sections = splitSections(text).map(
    (section): PlacedSection => ({
      linesBefore: section.linesBefore,
      reading:
        known.get(section.text) ?? history.sections?.get(section.text) ?? readSection(section.text),
    }),
  );
  const { items, duplicates } = chooseItems(sections, history);
  const isWhole = sections.every(({ reading }) => reading.isWhole) && endsInOrder(sections);
  return { type: "file", path, text, sections, items, duplicates, isWhole };
}

/** Why a text is probably not all that is being written, as against `before`; undefined when nothing speaks for it. */
function describeUnfinished(
  text: string,
  before: string | undefined,
): { readonly code: string; readonly message: string } | undefined {
  if (text.trim() === "") {
    const message =
      "the file is empty, as if it were being written: what it said before stays in force; " +
      "to remove that, delete the file or leave a comment in it";
    return { code: "empty-file", message };
  }
  if (before === undefined || text.length >= before.length || !before.startsWith(text)) {
    return undefined;
  }
  const cut = describeCut(text, before.slice(text.length));
  if (cut === undefined) return undefined;
  const message = `the file ends ${cut.where}, as if it were being written: what it said before stays in force; if this is all of it, ${cut.cure}`;
  return { code: "half-written-file", message };
}

/** Where a text was cut off from the rest that was behind it, if that is no place to end at. */
function describeCut(
  text: string,
  rest: string,
): { readonly where: string; readonly cure: string } | undefined {
  const isInLine = !/[\r\n]/.test(text.slice(-1) + rest.charAt(0));
  if (isInLine && /[\r\n]\s*\S/.test(rest)) {
    return {
      where: "in the middle of a line that was longer, and had more lines",
      cure: "end it with a line break",
    };
  }
  // Without its spec a policy that says nothing would be in force.
  return !isInLine && /^[\r\n]*spec:/.test(rest)
    ? { where: "where the spec of its last resource was", cure: "write spec: {} there" }
    : undefined;
}

/** Whether the last resource of a file is in order: else it may have been cut, and what was behind it with it. */
function endsInOrder(sections: readonly PlacedSection[]): boolean {
  return sections.at(-1)?.reading.items.every(({ resource }) => resource !== undefined) ?? true;
}

/** Of resources that a file has twice, the one in force counts, else the first in order, else the first. */
function chooseItems(
  sections: readonly PlacedSection[],
  history: ReadingHistory,
): Pick<FileReading, "items" | "duplicates"> {
  const items = new Map<string, FileItem>();
  const duplicates: FileItem[] = [];
  for (const section of sections) {
    for (const item of section.reading.items) {
      const fileItem = { section, item };
      const rival = items.get(item.id);
      const wins = rival === undefined || isBetter(item, rival.item, history);
      if (wins) items.set(item.id, fileItem);
      if (rival !== undefined) duplicates.push(wins ? rival : fileItem);
    }
  }
  return { items, duplicates };
}

function isBetter(item: SectionItem, rival: SectionItem, history: ReadingHistory): boolean {
  if (item.resource === undefined) return false;
  if (rival.resource === undefined) return true;
  const before = history.inForce?.(item.id);
  return (
    before !== undefined &&
    isDeepStrictEqual(item.resource, before) &&
    !isDeepStrictEqual(rival.resource, before)
  );
}
