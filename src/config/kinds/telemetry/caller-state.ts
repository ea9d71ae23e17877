/**
 * What a proxy keeps of who calls it: labels of the caller's workload, each a text in the filter state of the connection. They are
 * bytes to Envoy's CEL, which has texts in Istio's place of them, so that they can be compared with bytes alone.
 */
import { END, type Token, textOf } from "../cel/cel-tokens.js";

const PREFIX = "fairlead_downstream_peer_";

/** The key of the filter state that has a label. It is a name, as it stands behind a dot in expressions. */
export const callerState = (label: string): string => `${PREFIX}${label}`;

/** A label in an expression. */
export const callerTokens = (label: string): readonly Token[] => [
  { type: "name", text: "filter_state" },
  { type: "mark", text: "." },
  { type: "name", text: callerState(label) },
];

/** Whether a label ends at a place. */
const isLabelAt = (tokens: readonly Token[], at: number): boolean =>
  tokens[at]?.type === "name" &&
  tokens[at].text.startsWith(PREFIX) &&
  tokens[at - 1]?.text === "." &&
  tokens[at - 2]?.text === "filter_state";

/** Whether an expression is a label, and nothing else. */
export const isCallerState = (tokens: readonly Token[]): boolean =>
  tokens.length === 3 && isLabelAt(tokens, 2);

const COMPARING: ReadonlySet<string> = new Set(["==", "!="]);

/** The place of the token before or behind a place that is no space. */
function beside(tokens: readonly Token[], at: number, step: -1 | 1): number {
  const next = at + step;
  return tokens[next]?.type === "space" ? next + step : next;
}

/** The place of the text that a label is compared with, on a side of it. */
function comparedText(tokens: readonly Token[], label: number, step: -1 | 1): number | undefined {
  const sign = beside(tokens, step === 1 ? label : label - 2, step);
  if (!COMPARING.has(tokens[sign]?.text ?? "")) return undefined;
  const at = beside(tokens, sign, step);
  const { type, text } = tokens[at] ?? END;
  return type === "literal" && textOf(text) !== undefined ? at : undefined;
}

const mark = (text: string): Token => ({ type: "mark", text });

/** The same with bytes where texts are compared with labels. */
export function comparedAsBytes(tokens: readonly Token[]): readonly Token[] {
  const compared = new Set(
    tokens.flatMap((_, at) =>
      isLabelAt(tokens, at)
        ? [comparedText(tokens, at, -1), comparedText(tokens, at, 1)].filter(
            (place) => place !== undefined,
          )
        : [],
    ),
  );
  return tokens.flatMap((token, at) =>
    compared.has(at) ? [{ type: "name", text: "bytes" }, mark("("), token, mark(")")] : [token],
  );
}

/** What may stand before a label, and behind it: it is a whole value there, or half of a comparison. */
const BEFORE: ReadonlySet<string> = new Set(["", "?", ":", "&&", "||"]);
const BEHIND: ReadonlySet<string> = new Set([...BEFORE, ")"]);
/** Functions of whatever value. */
const OF_ANYTHING: ReadonlySet<string> = new Set(["has", "type"]);

/** Whether more is done with a label than is possible with bytes. */
export function isMoreThanCompared(tokens: readonly Token[]): boolean {
  const words = tokens.filter(({ type }) => type !== "space");
  const textAt = (at: number): string => words[at]?.text ?? "";
  const isHeld = (at: number): boolean =>
    textAt(at - 3) === "(" &&
    (OF_ANYTHING.has(textAt(at - 4)) ||
      (words[at - 4]?.type !== "name" && BEHIND.has(textAt(at + 2))));
  const isComparedBefore = (at: number): boolean =>
    COMPARING.has(textAt(at - 3)) && textAt(at - 4) === ")" && textAt(at - 7) === "bytes";
  const isComparedBehind = (at: number): boolean =>
    COMPARING.has(textAt(at + 1)) && textAt(at + 2) === "bytes";
  return words.some((_, at) => {
    if (!isLabelAt(words, at)) return false;
    const isGoodBefore = BEFORE.has(textAt(at - 3)) || isHeld(at) || isComparedBefore(at);
    return !isGoodBefore || !(BEHIND.has(textAt(at + 1)) || isComparedBehind(at));
  });
}
