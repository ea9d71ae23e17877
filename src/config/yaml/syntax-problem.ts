/** What is wrong with a text that is no YAML, where the parser's own words do not say what would be right. */

/** Where, in UTF-16 code units from the beginning, and what. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly reason: string;
}

/** What a template of Helm's has in it, before it is rendered. */
const TEMPLATE = /\{\{-?\s*[\w.$(/"]/;
/** The rest of a value: up to where a list in brackets goes on, a comment or the line's end. */
const REST = /^[^\s,\]}]*/;

/** What stands where the parser stopped. */
interface Stop {
  readonly text: string;
  readonly offset: number;
  /** The line up to there, and from there on. */
  readonly before: string;
  readonly after: string;
}

/** Looks at common mistakes, the most telling ones first; the parser's reason where it is none of them. */
export function syntaxProblem(text: string, offset: number, reason: string): SyntaxProblem {
  const stop = stopAt(text, offset);
  return (
    templateProblem(stop, reason) ??
    aliasProblem(stop, reason) ?? { offset, reason: cured(stop, reason) }
  );
}

function stopAt(text: string, offset: number): Stop {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  return {
    text,
    offset,
    before: text.slice(start, offset),
    after: text.slice(offset, end < 0 ? text.length : end),
  };
}

/** Of braces as the name of a member the parser does not say where they are. */
function templateProblem(
  { text, offset, before, after }: Stop,
  reason: string,
): SyntaxProblem | undefined {
  const isPlaced = reason !== "a key has to be text";
  const found = TEMPLATE.exec(isPlaced ? before + after : text);
  if (found === null) return undefined;
  const begin = isPlaced ? offset - before.length : 0;
  return {
    offset: begin + found.index,
    reason: "{{ begins a template: render it first, as `helm template` does",
  };
}

/** Of the name of an alias the parser says where it begins. */
function aliasProblem({ offset, after }: Stop, reason: string): SyntaxProblem | undefined {
  const isLone = reason.startsWith("name of an alias node");
  if (!isLone && !reason.startsWith("unidentified alias")) return undefined;
  const value = `*${isLone ? "" : (REST.exec(after)?.[0] ?? "")}`;
  const cure = `a text that begins with * has to be in quotes, "${value}"`;
  return {
    offset: offset - 1,
    reason: isLone ? cure : `no anchor has the name of this alias; ${cure}`,
  };
}

/** The beginning of a value that is no text without quotes. */
const RESERVED = /: +([@`%])/;
/** A value without quotes or brackets that has what ends the name of a member. */
const INNER_COLON = /: +[^"'\s[{].*:(?: |$)/;
/** A value in quotes that ends before the parser stopped. */
const QUOTED = /: +'[^']*'$/;

/** The parser says the same of much that is no matter of indentation. */
function cured({ before, after }: Stop, reason: string): string {
  if (reason !== "bad indentation of a mapping entry") return reason;
  const [, first] = RESERVED.exec(before + after.slice(0, 1)) ?? [];
  if (first !== undefined) return `a text that begins with ${first} has to be in quotes`;
  if (INNER_COLON.test(before + after)) {
    return "a text with a colon and a space in it has to be in quotes";
  }
  return QUOTED.test(before) && after !== ""
    ? "a quote within single quotes is written twice"
    : reason;
}
