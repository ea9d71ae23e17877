/** A place in a text as people count, both numbers 1-based, and the line as it may be shown. */
export interface LinePlace {
  readonly line: number;
  /** In UTF-16 code units. */
  readonly column: number;
  /** Absent where it is too long to be shown. */
  readonly sourceLine?: string;
}

/** A longer line, such as that of a JSON file without line breaks, is of no help. */
const MAX_SHOWN_LENGTH = 300;

/** Of a line's end. */
const MAX_BREAK_LENGTH = 2;

// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The offsets at which the lines of a text begin; lines end with `\n`, `\r\n` or `\r`. There is always a first line. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const ends = code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10);
    if (ends) starts.push(at + 1);
  }
  return starts;
}

/** The place of an offset. */
export function placeOf(text: string, starts: readonly number[], offset: number): LinePlace {
  const at = Math.min(offset, text.length);
  const line = lastAtMost(starts, at);
  const start = starts[line] ?? 0;
  const place = { line: line + 1, column: at - start + 1 };
  const end = starts[line + 1] ?? text.length;
  // Looked at by its length alone: all that is wrong with a file may be on one line.
  if (end - start > MAX_SHOWN_LENGTH + MAX_BREAK_LENGTH) return place;
  const sourceLine = text.slice(start, end).replace(/[\r\n]+$/, "");
  return sourceLine.length > MAX_SHOWN_LENGTH
    ? place
    : { ...place, sourceLine: showable(sourceLine) };
}

/** A text in which control characters, which could move a terminal's cursor, are replaced; tabs stay. */
export function showable(text: string): string {
  return text.replace(CONTROL_CHARACTER, "\ufffd");
}

/** The index of the last of these ascending numbers that is not above `limit`. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
