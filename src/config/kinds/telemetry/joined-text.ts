/** Texts that are joined in an expression of CEL, as in `request.method + ' ' + request.host`: a stock Envoy joins none. */
import { END, type Token, textOf } from "../cel/cel-tokens.js";
import { isCallerState } from "./caller-state.js";

/** What is joined, or added, to something. */
export interface Operand {
  /** Without the conversion to text around it. */
  readonly text: string;
  /** What it is by its own words: a text as it is written, another value that is written as text, or no text. */
  readonly kind: "literal" | "converted" | "no text" | "unknown";
}

const OPENING: ReadonlySet<string> = new Set(["(", "[", "{"]);
const CLOSING: ReadonlySet<string> = new Set([")", "]", "}"]);

/** Functions whose values are no texts. */
const OF_NO_TEXTS: ReadonlySet<string> = new Set(
  "int uint double size bool bytes timestamp duration".split(" "),
);

const isText = ({ type, text }: Token = END): boolean =>
  type === "literal" && textOf(text) !== undefined;

function trimmed(tokens: readonly Token[]): readonly Token[] {
  const start = tokens[0]?.type === "space" ? 1 : 0;
  const end = tokens.at(-1)?.type === "space" ? tokens.length - 1 : tokens.length;
  return tokens.slice(start, Math.max(start, end));
}

/** The tokens that are within nothing else, with their places. */
function outermost(tokens: readonly Token[]): readonly (readonly [at: number, token: Token])[] {
  let depth = 0;
  return tokens.flatMap((token, at) => {
    if (CLOSING.has(token.text)) depth--;
    const isOutermost = depth === 0;
    if (OPENING.has(token.text)) depth++;
    return isOutermost ? [[at, token] as const] : [];
  });
}

/** A call of a function that is all of an expression, or that without a name which parentheses are. */
interface Call {
  readonly name: string;
  readonly inner: readonly Token[];
}

function callOf(tokens: readonly Token[]): Call | undefined {
  const all = outermost(tokens).filter(([, { type }]) => type !== "space");
  const [opening, closing] = all.slice(-2);
  if (opening?.[1].text !== "(" || closing?.[1].text !== ")") return undefined;
  const before = all.slice(0, -2).map(([, token]) => token);
  const isName = before.every(({ type }) => type === "name");
  if (before.length > 1 || !isName) return undefined;
  return { name: before[0]?.text ?? "", inner: tokens.slice(opening[0] + 1, closing[0]) };
}

/** The parts between the plus signs; undefined where anything else is done to the whole. */
function addedIn(tokens: readonly Token[]): readonly (readonly Token[])[] | undefined {
  const signs = outermost(tokens).filter(
    ([, { type, text }]) => type === "operator" || text === "?" || text === ":" || text === "!",
  );
  if (signs.some(([, { text }]) => text !== "+")) return undefined;
  const places = signs.map(([at]) => at);
  return [...places, tokens.length].map((end, i) =>
    tokens.slice(i === 0 ? 0 : (places[i - 1] ?? 0) + 1, end),
  );
}

/** What all of an expression only converts to text, or has in parentheses; undefined where it is more than that. */
export function heldIn(expression: readonly Token[]): readonly Token[] | undefined {
  const call = callOf(trimmed(expression));
  return call?.name === "" || call?.name === "string" ? call.inner : undefined;
}

/** A condition, and what is so with it and without it. */
export interface Choice {
  readonly condition: readonly Token[];
  readonly chosen: readonly Token[];
  readonly otherwise: readonly Token[];
}

/** What an expression chooses between; undefined where it chooses nothing. The first colon is its own: others are behind it. */
export function choiceIn(tokens: readonly Token[]): Choice | undefined {
  const marks = outermost(tokens);
  const [question] = marks.find(([, { text }]) => text === "?") ?? [];
  const [colon] = marks.find(([, { text }]) => text === ":") ?? [];
  if (question === undefined || colon === undefined) return undefined;
  return {
    condition: trimmed(tokens.slice(0, question)),
    chosen: trimmed(tokens.slice(question + 1, colon)),
    otherwise: trimmed(tokens.slice(colon + 1)),
  };
}

/** What an expression adds up, whatever is in parentheses; itself alone where it adds nothing up. */
export function operandsOf(expression: readonly Token[]): readonly Operand[] {
  const tokens = trimmed(expression);
  const call = callOf(tokens);
  if (call?.name === "") return operandsOf(call.inner);
  const added = addedIn(tokens) ?? [];
  return added.length > 1 ? added.flatMap(operandsOf) : [operand(tokens, call)];
}

function operand(tokens: readonly Token[], call: Call | undefined): Operand {
  const isConverted = call?.name === "string";
  const value = trimmed(isConverted ? call.inner : tokens);
  const text = value.map((token) => token.text).join("");
  if (isConverted || isCallerState(value)) return { text, kind: "converted" };
  if (call !== undefined && OF_NO_TEXTS.has(call.name)) return { text, kind: "no text" };
  if (tokens.length !== 1 || tokens[0]?.type !== "literal") return { text, kind: "unknown" };
  return { text, kind: isText(tokens[0]) ? "literal" : "no text" };
}

/** Whether a text is joined with something, as far as that is seen by a text as it is written. */
export function joinsText(tokens: readonly Token[]): boolean {
  const words = tokens.filter(({ type }) => type !== "space");
  return words.some(
    ({ type, text }, at) =>
      type === "operator" && text === "+" && (isText(words[at - 1]) || isText(words[at + 1])),
  );
}

/** The condition that all are texts; it fails, as joining them does, where one is not there. */
function allTexts(operands: readonly Operand[]): string {
  const conditions = operands.flatMap(({ text, kind }) => {
    if (kind === "literal") return [];
    return kind === "converted" ? [`type(${text}) == type(${text})`] : [`type(${text}) == string`];
  });
  return conditions.join(" && ");
}

/**
 * Expressions whose values, one behind the other, are that of operands which are added up. Without all of the operands none of
 * the expressions has a value, and if one is not a text, all but the first have an empty one. That one is then their sum, if
 * they can have one.
 */
export function partsOf(operands: readonly Operand[]): readonly string[] {
  const condition = allTexts(operands);
  const isOfTexts = operands.some(({ kind }) => kind === "literal" || kind === "converted");
  const sum = operands.map(({ text }) => `(${text})`).join(" + ");
  return operands.map(({ text }, i) => {
    if (condition === "") return text;
    const otherwise = isOfTexts ? "'unknown'" : sum;
    return `${condition} ? (${text}) : ${i === 0 ? otherwise : "''"}`;
  });
}
