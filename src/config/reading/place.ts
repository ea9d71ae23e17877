import type { Position } from "../../base/diagnostic.js";
import type { Path } from "../kind.js";
import { lineStarts, placeOf } from "../yaml/lines.js";
import { indexSection, locateMember, type SectionIndex, startOfFirst } from "../yaml/locate.js";
import type { SectionReading } from "./section.js";

/** A section of a file, and how many lines of the file are in front of it. */
export interface PlacedSection {
  readonly linesBefore: number;
  readonly reading: SectionReading;
}

/** A place in a file. */
export interface FilePlace {
  readonly position: Position;
  /** Absent where a line may hold a secret, or is too long to be shown. */
  readonly sourceLine?: string;
}

/** Which of its two ends a member is shown at: its name, or what it says. */
export type MemberEnd = "name" | "value";

/** Finds places in one section; what that needs is made once, when the first place is asked for. */
export interface SectionPlaces {
  readonly ofOffset: (offset: number) => FilePlace;
  readonly ofMember: (document: number, path: Path, end: MemberEnd) => FilePlace;
}

/** The places of a section of the file `file`. */
export function placesIn(file: string, { linesBefore, reading }: PlacedSection): SectionPlaces {
  const { text } = reading;
  let starts: readonly number[] | undefined;
  let index: SectionIndex | undefined;
  let isSecret: boolean | undefined;
  const ofOffset = (offset: number): FilePlace => {
    starts ??= lineStarts(text);
    const { line, column, sourceLine } = placeOf(text, starts, offset);
    const position = { file, line: linesBefore + line, column };
    isSecret ??= mayHoldSecret(reading);
    return isSecret || sourceLine === undefined ? { position } : { position, sourceLine };
  };
  return {
    ofOffset,
    ofMember: (document, path, end) => {
      const start = document === 0 && path.length === 0 ? startOfFirst(text) : undefined;
      if (start !== undefined) return ofOffset(start);
      index ??= indexSection(text);
      const { key, value, isCollection } = locateMember(index, document, path);
      // A map or a list begins on the line behind its name, which says less than the name.
      return ofOffset(end === "name" || isCollection ? key : value);
    },
  };
}

/** What Secrets are written with, where nothing else is known of them: private keys as such or in base64 among it. */
const SECRET_TEXT = /kind["']?\s*:\s*["']?Secret|PRIVATE KEY|tls\.key|stringData|LS0tLS1CRUdJTi/;

/**
 * Whether a section has a Secret, or what may be one that cannot be read. Then no line of it is shown, also where another
 * resource is wrong: JSON can have all of a list on one line.
 */
export function mayHoldSecret({ text, written }: SectionReading): boolean {
  return written.some(({ value }) => value["kind"] === "Secret") || SECRET_TEXT.test(text);
}

/** A place as it is written in a message. */
export function describePlace({ file, line, column }: Position): string {
  return `${file}:${String(line)}:${String(column)}`;
}
