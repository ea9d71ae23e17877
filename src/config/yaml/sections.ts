import { lineStarts } from "./lines.js";

/** A piece of a YAML file that can be read without the rest. */
export interface Section {
  readonly text: string;
  /** The lines of the file in front of it. */
  readonly linesBefore: number;
}

/**
 * A file cut in front of its `---` lines. Such a line begins a document wherever it stands, even in a block scalar or an
 * unfinished quoted text, so an error in one section does not reach the next. A file with directives (`%YAML`) is one
 * section, because a directive belongs to the document behind the `---`.
 */
export function splitSections(text: string): readonly Section[] {
  if (text.startsWith("%") || text.includes("\n%")) return [{ text, linesBefore: 0 }];
  const sections: Section[] = [];
  let start = 0;
  let linesBefore = 0;
  for (let end = nextMarker(text, 0); start < text.length; end = nextMarker(text, end)) {
    const section = text.slice(start, end);
    sections.push({ text: section, linesBefore });
    linesBefore += countLineBreaks(section);
    start = end;
  }
  return sections;
}

/** Where the next `---` line behind `from` begins; the length of the text when there is none. */
function nextMarker(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = text.indexOf("\n---", at);
    if (at === -1) return text.length;
    const behind = text.charAt(at + 4);
    if (behind === "" || /\s/.test(behind)) return at + 1;
    at += 1;
  }
}

/** The number of line breaks in a text: `\n`, `\r\n` or `\r`. */
function countLineBreaks(text: string): number {
  return lineStarts(text).length - 1;
}
