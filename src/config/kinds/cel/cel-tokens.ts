/** The words of expressions of CEL. See the CEL language definition, "Syntax". */

/** What a token is. */
export type TokenType = "space" | "literal" | "operator" | "name" | "mark";

/** A word of an expression. */
export interface Token {
  readonly type: TokenType | "end";
  readonly text: string;
}

/** What is behind the last one. */
export const END: Token = { type: "end", text: "" };

/** What a backslash can be before, in bytes and in texts. The latter have no halves of surrogate pairs. */
const BYTE_ESCAPE = /\\(?:[abfnrtv"'`?\\]|[xX][\da-fA-F]{2}|[0-3][0-7]{2})/.source;
const CODE_POINT =
  /\\u(?![dD][89a-fA-F])[\da-fA-F]{4}|\\U(?:0000(?![dD][89a-fA-F])|000[1-9a-fA-F]|0010)[\da-fA-F]{4}/
    .source;

/** Something between quotes, in which a backslash begins one of these escapes. */
function quoted(escape: string): string {
  const long = ['"""', "'''"].map((quote) => `${quote}(?:[^\\\\]|${escape})*?${quote}`);
  const short = ['"', "'"].map((quote) => `${quote}(?:[^${quote}\\\\\\n\\r]|${escape})*${quote}`);
  return [...long, ...short].join("|");
}

/** The parts of CEL's grammar below the operators, longest first where one begins another. */
const TOKENS: readonly (readonly [type: TokenType, pattern: RegExp])[] = [
  ["space", /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y],
  ["literal", /(?:[rR][bB]?|[bB][rR])(?:"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y],
  [
    "literal",
    new RegExp(`[bB](?:${quoted(BYTE_ESCAPE)})|${quoted(`${BYTE_ESCAPE}|${CODE_POINT}`)}`, "y"),
  ],
  ["literal", /(?:\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.\d+(?:[eE][-+]?\d+)?)/y],
  ["literal", /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y],
  ["operator", /<=|>=|==|!=|&&|\|\||in(?!\w)|[-<>+*/%]/y],
  ["name", /[A-Za-z_]\w*/y],
  ["mark", /[()[\]{}.,:?!]/y],
];

/** All of a text in tokens, with what is between them; in words what is no token. */
export function tokenize(text: string): readonly Token[] | string {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at);
    if (token === undefined) return `"${text.slice(at, at + 10)}" is nothing of CEL`;
    if (isTooLarge(token.text)) return `${token.text} is larger than whole numbers of CEL can be`;
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [type, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { type, text: found };
  }
  return undefined;
}

/** They have 64 bits, one of which is for the sign where there is no `u` behind. */
function isTooLarge(token: string): boolean {
  const [, digits, unsigned] = /^(0x[0-9a-fA-F]+|\d+)([uU]?)$/.exec(token) ?? [];
  return digits !== undefined && BigInt(digits) >> (unsigned === "" ? 63n : 64n) > 0n;
}

/** What single letters behind a backslash mean, unless they mean themselves. */
const CONTROLS: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The text that a literal is; undefined for one of something else. */
export function textOf(literal: string): string | undefined {
  const [, raw, , text] = /^([rR]?)("""|'''|"|')([^]*)\2$/.exec(literal) ?? [];
  if (text === undefined || raw !== "") return text;
  return text.replaceAll(
    /\\(?:([xX][\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})|([0-3][0-7]{2})|([^]))/g,
    (_, hex?: string, octal?: string, letter?: string) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex.slice(1), 16));
      if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
      return letter === undefined ? "" : (CONTROLS[letter] ?? letter);
    },
  );
}
