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
  if (reader.problem !== undefined) return reader.problem;
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

/** What an expression is, as far as macros ask for it. */
type Shape = "name" | "selection" | "other";

/** Macros over the items of a list or a map, by how many arguments they have: the first is a name for the item. */
const COMPREHENSIONS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  existsOne: [2],
  filter: [2],
  map: [2, 3],
};

/** Reads tokens by CEL's grammar. Each method says whether there was what it is named after, and stops where not. */
class Reader {
  private readonly tokens: readonly Token[];
  private at = 0;
  /** What was read last. */
  private shape: Shape = "other";
  /** What is wrong with a macro, when that is why it stopped. */
  problem: string | undefined;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The first token that was not read. */
  get next(): Token {
    return this.tokens[this.at] ?? END;
  }

  expression(): boolean {
    if (!this.condition()) return false;
    if (!this.take("?")) return true;
    const whole = this.condition() && this.take(":") && this.expression();
    this.shape = "other";
    return whole;
  }

  /** Which of two operators binds closer does not matter for whether it is an expression. */
  private condition(): boolean {
    if (!this.operand()) return false;
    while (this.takeType("operator")) {
      if (!this.operand()) return false;
      this.shape = "other";
    }
    return true;
  }

  private operand(): boolean {
    const signs = ["!", "-"].filter((sign) => this.takeAll(sign));
    if (signs.length > 1 || !this.primary()) return false;
    for (;;) {
      if (this.take(".")) {
        if (!this.member("selection")) return false;
      } else if (this.take("[")) {
        if (!this.expression() || !this.take("]")) return false;
        this.shape = "other";
      } else break;
    }
    if (signs.length > 0) this.shape = "other";
    return true;
  }

  private primary(): boolean {
    if (this.take("(")) return this.expression() && this.take(")");
    this.shape = "other";
    if (this.takeType("literal")) return true;
    if (this.take("[")) return this.items("]", () => this.expression());
    if (this.take("{")) return this.items("}", () => this.entry());
    this.take(".");
    return this.member("name");
  }

  /** A name, and what can be behind it: arguments, or the fields of a message. */
  private member(shape: "name" | "selection"): boolean {
    const { text } = this.next;
    if (RESERVED.has(text) || !this.takeType("name")) return false;
    if (this.take("(")) return this.call(text, shape === "selection");
    if (!this.take("{")) {
      this.shape = shape;
      return true;
    }
    return this.items("}", () => this.entry());
  }

  private call(name: string, isMethod: boolean): boolean {
    const shapes: Shape[] = [];
    const whole = this.items(")", () => {
      const found = this.expression();
      shapes.push(this.shape);
      return found;
    });
    if (whole) this.problem = macroProblem(name, isMethod, shapes);
    return whole && this.problem === undefined;
  }

  private entry(): boolean {
    return this.expression() && this.take(":") && this.expression();
  }

  /** Any number of items with commas between, up to what closes them; lists and maps can have one at the end. */
  private items(end: string, item: () => boolean): boolean {
    let isOpen = !this.take(end);
    while (isOpen) {
      if (!item()) return false;
      const isMore = this.take(",") && (end === ")" || this.next.text !== end);
      if (!isMore && !this.take(end)) return false;
      isOpen = isMore;
    }
    this.shape = "other";
    return true;
  }

  private takeAll(text: string): boolean {
    const { at } = this;
    while (this.take(text));
    return this.at > at;
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

/** What is wrong with the arguments of a macro; undefined for what is none. */
function macroProblem(
  name: string,
  isMethod: boolean,
  shapes: readonly Shape[],
): string | undefined {
  const [first] = shapes;
  if (!isMethod && name === "has" && shapes.length === 1 && first !== "selection") {
    return "has() is for a field, such as has(a.b)";
  }
  const lengths = isMethod && Object.hasOwn(COMPREHENSIONS, name) ? COMPREHENSIONS[name] : [];
  if (lengths?.includes(shapes.length) === true && first !== "name") {
    return `${name}() needs a name for an item first, such as ${name}(x, ...)`;
  }
  return undefined;
}
