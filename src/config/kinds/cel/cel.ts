import { END, type Token, type TokenType, tokenize } from "./cel-tokens.js";

/** Words that CEL keeps for languages that it is put into: no names of their own, but fields may be called so. */
const RESERVED: ReadonlySet<string> = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** A call of a function in an expression. */
export interface CelCall {
  readonly name: string;
  /** It is called on a value before it, `value.name(…)`. */
  readonly isMethod: boolean;
  /** What it is given in parentheses: a literal as it is written, undefined for everything else. */
  readonly given: readonly (string | undefined)[];
}

/** What an expression consists of. */
export interface CelExpression {
  readonly calls: readonly CelCall[];
  /** It makes messages, `Name{field: value}`. */
  readonly makesMessages: boolean;
  /** How many operators, calls and the like are within one another, the innermost value counted; rather more than less. */
  readonly height: number;
  /** How many whole expressions are within one another, as in parentheses. */
  readonly nesting: number;
}

/** The longest expression that there is, in characters, and how many can be within one another. See cel-go, parser options. */
const LONGEST = 100_000;
const DEEPEST = 250;

/**
 * An expression of CEL, or in words why a text is none, as far as its grammar goes; which names there are is not looked at.
 * See the CEL language definition, "Syntax".
 */
export function readCel(text: string): CelExpression | string {
  if (text.length > LONGEST) return `${text.length} characters are more than ${LONGEST}`;
  const tokens = tokenize(text);
  if (typeof tokens === "string") return tokens;
  const reader = new Reader(tokens.filter(({ type }) => type !== "space"));
  const whole = reader.expression() && reader.next.type === "end";
  if (whole) return reader;
  if (reader.problem !== undefined) return reader.problem;
  const found = reader.next.text;
  return found === "" ? "the expression ends too early" : `"${found}" cannot stand where it does`;
}

/** What an expression is, as far as macros ask for it. */
type Shape = "name" | "selection" | "literal" | "other";

/** Macros over the items of a list or a map, by how many arguments they have: the first is a name for the item. */
const COMPREHENSIONS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  existsOne: [2],
  filter: [2],
  map: [2, 3],
};

/** Operators in whose chains Envoy puts as many on one side as on the other. */
const isLogical = (operator: string): boolean => operator === "&&" || operator === "||";

/** Reads tokens by CEL's grammar. Each method says whether there was what it is named after, and stops where not. */
class Reader implements CelExpression {
  private readonly tokens: readonly Token[];
  private at = 0;
  /** What was read last. */
  private shape: Shape = "other";
  private literal = "";
  height = 0;
  private level = 0;
  nesting = 0;
  readonly calls: CelCall[] = [];
  makesMessages = false;
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
    this.level++;
    this.nesting = Math.max(this.nesting, this.level);
    if (this.level > DEEPEST) {
      this.problem = `more than ${DEEPEST} expressions are within one another`;
      return false;
    }
    const whole = this.choice();
    this.level--;
    return whole;
  }

  private choice(): boolean {
    if (!this.condition()) return false;
    if (!this.take("?")) return true;
    const whole =
      this.beside(() => this.condition()) && this.take(":") && this.beside(() => this.expression());
    this.height++;
    this.shape = "other";
    return whole;
  }

  /** Which of two operators binds closer does not matter for whether it is an expression. */
  private condition(): boolean {
    if (!this.operand()) return false;
    let [logical, others] = [0, 0];
    for (let operator = this.next.text; this.takeType("operator"); operator = this.next.text) {
      if (!this.beside(() => this.operand())) return false;
      if (isLogical(operator)) logical++;
      else others++;
      this.shape = "other";
    }
    this.height += others + 2 * Math.ceil(Math.log2(logical + 1));
    return true;
  }

  private operand(): boolean {
    const signs = ["!", "-"].filter((sign) => this.takeAll(sign));
    if (signs.length > 1 || !this.primary()) return false;
    for (;;) {
      if (this.take(".")) {
        if (!this.member("selection")) return false;
      } else if (this.take("[")) {
        if (!this.beside(() => this.expression()) || !this.take("]")) return false;
        this.height++;
        this.shape = "other";
      } else break;
    }
    if (signs.length > 0) {
      this.height++;
      this.shape = "other";
    }
    return true;
  }

  private primary(): boolean {
    if (this.take("(")) return this.expression() && this.take(")");
    this.height = 1;
    this.shape = "literal";
    this.literal = this.next.text;
    if (this.takeType("literal")) return true;
    if (this.take("[")) return this.items("]", () => this.expression());
    if (this.take("{")) return this.items("}", () => this.entry());
    this.height = 0;
    this.take(".");
    return this.member("name");
  }

  /** A name, and what can be behind it: arguments, or the fields of a message. */
  private member(shape: "name" | "selection"): boolean {
    const { text } = this.next;
    const isKept = shape === "name" && RESERVED.has(text);
    if (isKept || !this.takeType("name")) return false;
    if (this.take("(")) return this.call(text, shape === "selection");
    if (!this.take("{")) {
      this.height++;
      this.shape = shape;
      return true;
    }
    this.makesMessages = true;
    return this.items("}", () => this.entry());
  }

  private call(name: string, isMethod: boolean): boolean {
    const shapes: Shape[] = [];
    const given: (string | undefined)[] = [];
    const whole = this.items(")", () => {
      const found = this.expression();
      shapes.push(this.shape);
      given.push(this.shape === "literal" ? this.literal : undefined);
      return found;
    });
    if (whole) this.problem = macroProblem(name, isMethod, shapes);
    this.calls.push({ name, isMethod, given });
    return whole && this.problem === undefined;
  }

  private entry(): boolean {
    return this.expression() && this.take(":") && this.beside(() => this.expression());
  }

  /** Any number of items with commas between, up to what closes them; lists and maps can have one at the end. */
  private items(end: string, item: () => boolean): boolean {
    let isOpen = !this.take(end);
    while (isOpen) {
      if (!this.beside(item)) return false;
      const isMore = this.take(",") && (end === ")" || this.next.text !== end);
      if (!isMore && !this.take(end)) return false;
      isOpen = isMore;
    }
    this.height++;
    this.shape = "other";
    return true;
  }

  /** Something that is no higher or lower than what was read before it. */
  private beside(read: () => boolean): boolean {
    const { height } = this;
    const whole = read();
    this.height = Math.max(height, this.height);
    return whole;
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
