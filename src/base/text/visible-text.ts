/** Those of Unicode that are controls, but the tab: what a terminal obeys, and what begins a line that nobody wrote. */
const CONTROLS = /(?!\t)\p{Cc}/gu;

/** How those are written that people know by a letter. */
const LETTERS: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r" };

/**
 * A text as it goes onto a terminal, as one line or a part of one: names of files and what files say may have control characters,
 * each of which is written as `\n` or `\x1b`.
 */
export function visibleText(text: string): string {
  return text.replace(CONTROLS, (control) => LETTERS[control] ?? escapeOf(control));
}

/** Lines for people as they are written to an output. Each stays one line, whatever the names in it are. */
export function visibleLines(lines: readonly string[]): string {
  return lines.map((line) => `${visibleText(line)}\n`).join("");
}

/** A text of several lines that somebody else wrote, as it goes onto a terminal: it has the same lines. */
export function visiblePage(text: string): string {
  return text.split("\n").map(visibleText).join("\n");
}

/** A text of JSON or YAML as it goes onto a terminal: of the controls, JSON leaves these as they are, and means the same by their escapes. */
export function visibleJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
}

const escapeOf = (control: string): string =>
  `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`;
