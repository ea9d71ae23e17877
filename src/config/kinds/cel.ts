/** The parts of CEL's grammar below the operators, longest first where one begins another. */
const TOKENS: readonly (readonly [type: TokenType, pattern: RegExp])[] = [
  ["space", /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y],
  [
    "literal",
    /(?:[rR][bB]?|[bB][rR]?)?(?:"""[^]*?"""|'''[^]*?''')|[rR][bB]?(?:"[^"\n\r]*"|'[^'\n\r]*')|[bB]?(?:"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/y,
  ],
  ["literal", /(?:\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.\d+(?:[eE][-+]?\d+)?)/y],
  ["literal", /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y],
  ["operator", /<=|>=|==|!=|&&|\|\||in(?!\w)|[-<>+*/%]/y],
  ["name", /[A-Za-z_]\w*/y],
  ["mark", /[()[\]{}.,:?!]/y],
];

type TokenType = "space" | "literal" | "operator" | "name" | "mark";

interface Token {
  readonly type: TokenType | "end";
  readonly text: string;
}

const END: Token = { type: "end", text: "" };

/** Words that CEL keeps for languages that it is put into. */
const RESERVED: ReadonlySet<string> = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/**
 * Why a text is no expression of CEL, as far as its grammar goes; which names there are is not looked at. See the CEL
 * language definition, "Syntax".
 */
export function celProblem(expression: string): string | undefined {
  const tokens = tokenize(expression);
  if (typeof tokens === "string") return tokens;
  const reader = new Reader(tokens);
  const whole = reader.expression() && reader.next.type === "end";
  if (whole) return undefined;
  const { text } = reader.next;
  return text === "" ? "the expression ends too early" : `"${text}" cannot stand where it does`;
}

/** The tokens, without what is between them; in words what is no token. */
function tokenize(text: string): readonly Token[] | string {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at);
    if (token === undefined) return `"${text.slice(at, at + 10)}" is nothing of CEL`;
    if (token.type !== "space") tokens.push(token);
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

/** Reads tokens by CEL's grammar. Each method says whether there was what it is named after, and stops where not. */
class Reader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The first token that was not read. */
  get next(): Token {
    return this.tokens[this.at] ?? END;
  }

  /** Which of two operators binds closer does not matter for whether it is an expression. */
  expression(): boolean {
    do {
      if (!this.operand()) return false;
    } while (this.takeType("operator"));
    if (!this.take("?")) return true;
    return this.expression() && this.take(":") && this.expression();
  }

  private operand(): boolean {
    while (this.take("!") || this.take("-"));
    if (!this.primary()) return false;
    for (;;) {
      if (this.take(".")) {
        if (!this.name() || !this.callOrMessage()) return false;
      } else if (this.take("[")) {
        if (!this.expression() || !this.take("]")) return false;
      } else return true;
    }
  }

  private primary(): boolean {
    if (this.takeType("literal")) return true;
    if (this.take("(")) return this.expression() && this.take(")");
    if (this.take("[")) return this.items("]", () => this.expression());
    if (this.take("{")) return this.items("}", () => this.entry());
    this.take(".");
    return this.name() && this.callOrMessage();
  }

  /** What can be behind a name: arguments, or the fields of a message. */
  private callOrMessage(): boolean {
    if (this.take("(")) return this.items(")", () => this.expression());
    return this.take("{") ? this.items("}", () => this.entry()) : true;
  }

  private entry(): boolean {
    return this.expression() && this.take(":") && this.expression();
  }

  /** Any number of items with commas between, up to what closes them; lists and maps can have one at the end. */
  private items(end: string, item: () => boolean): boolean {
    if (this.take(end)) return true;
    do {
      if (!item()) return false;
    } while (this.take(",") && (end === ")" || this.next.text !== end));
    return this.take(end);
  }

  private name(): boolean {
    return !RESERVED.has(this.next.text) && this.takeType("name");
  }

  private take(text: string): boolean {
    const found =
      this.next.type !== "literal" && this.next.type !== "end" && this.next.text === text;
    if (found) this.at++;
    return found;
  }

  private takeType(type: TokenType): boolean {
    const found = this.next.type === type;
    if (found) this.at++;
    return found;
  }
}
