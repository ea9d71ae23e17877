/** Values of metrics' tags, as users write them for Istio's filter, and as a stock Envoy's formatter of CEL takes them. */
import { readCel } from "../cel/cel.js";
import { type Token, tokenize } from "../cel/cel-tokens.js";
import { envoyCelProblem } from "../cel/envoy-cel.js";
import { comparedAsBytes, isMoreThanCompared } from "./caller-state.js";
import { type Choice, choiceIn, heldIn, joinsText, operandsOf, partsOf } from "./joined-text.js";
import { isOfPeer, PEER_FIELDS, withToldPeers } from "./peer-attributes.js";

/** A value that Envoy takes: that of an expression, or those of several, one behind the other. Without all there is none. */
export type MetricValue = { readonly cel: string } | { readonly joined: readonly string[] };

/** A value that Envoy takes, or what it has that Envoy does not take. */
export type MetricExpression = MetricValue | { readonly problem: string };

/**
 * The expression of a tag. What Istio's filter calls `node` is `xds.node` in Envoy, what that keeps of whom the proxy calls is
 * what the endpoint tells, of who calls it what the certificate tells, and a conversion of the whole value to text is left out: whatever a tag's value is, it is written as
 * text. Texts that are joined are written one behind the other; both also where they are chosen by a condition. See Istio, MetricsOverrides.TagOverride.value.
 */
export function metricExpression(value: string): MetricExpression {
  const words = readCel(value);
  const tokens = tokenize(value);
  const wrong = [words, tokens].find((one) => typeof one === "string");
  if (wrong !== undefined || typeof tokens === "string") {
    return { problem: `no CEL expression (${String(wrong)})` };
  }
  const made = valueOf(comparedAsBytes(withToldPeers(tokens.map(inEnvoysWords))));
  if ("problem" in made) return made;
  const problem = partsIn(made)
    .map(partProblem)
    .find((one) => one !== undefined);
  return problem === undefined ? made : { problem };
}

/** Each of them is asked for as often as there are some. */
const MOST_JOINED = 16;

function valueOf(tokens: readonly Token[]): MetricExpression {
  const held = heldIn(tokens);
  if (held !== undefined) return valueOf(held);
  const choice = choiceIn(tokens);
  if (choice !== undefined) return valueOfChoice(choice, textIn(tokens).trim());
  const operands = operandsOf(tokens);
  const isSum = operands.some(({ kind }) => kind === "no text");
  if (isSum || operands.length === 1) return { cel: textIn(tokens).trim() };
  return operands.length > MOST_JOINED
    ? { problem: `${operands.length} texts that are joined, more than ${MOST_JOINED},` }
    : { joined: partsOf(operands) };
}

/** Each part of a value is that of one side or of the other; one of them may have fewer. */
function valueOfChoice({ condition, chosen, otherwise }: Choice, whole: string): MetricExpression {
  const values = [valueOf(chosen), valueOf(otherwise)] as const;
  const problem = values.find((value) => "problem" in value);
  if (problem !== undefined) return problem;
  const [left, right] = values.map(partsIn) as [readonly string[], readonly string[]];
  const isAsWritten = left.join() === textIn(chosen) && right.join() === textIn(otherwise);
  if (isAsWritten) return { cel: whole };
  const parts = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [one = NO_TEXT, other = NO_TEXT] = [left[i], right[i]];
    return `${textIn(condition)} ? (${one}) : (${other})`;
  });
  const [only = NO_TEXT] = parts;
  return parts.length === 1 ? { cel: only } : { joined: parts };
}

const NO_TEXT = "''";

function partsIn(value: MetricExpression): readonly string[] {
  if ("problem" in value) return [];
  return "cel" in value ? [value.cel] : value.joined;
}

const textIn = (tokens: readonly Token[]): string => tokens.map(({ text }) => text).join("");

/** What Envoy does not take of an expression, as a value has it. */
function partProblem(part: string): string | undefined {
  const problem = envoyCelProblem(part);
  if (problem !== undefined) return `no CEL expression of a stock Envoy (${problem})`;
  // Envoy's formats have operators between percent signs, texts or not.
  if (part.includes("%")) return "a percent sign, which would end it,";
  const tokens = tokenize(part);
  if (typeof tokens === "string") return tokens;
  if (isOfPeer(tokens)) {
    return `what Istio's filters keep of the peer, of which a stock Envoy has only ${PEER_FIELDS} of upstream_peer and downstream_peer,`;
  }
  if (isMoreThanCompared(tokens)) {
    return "what a certificate tells of who calls in more than has(…), ==, != and joined texts, which a stock Envoy does not do,";
  }
  return joinsText(tokens)
    ? "a text that is joined with another within something else, which a stock Envoy does not do,"
    : undefined;
}

function inEnvoysWords({ type, text }: Token, i: number, tokens: readonly Token[]): Token {
  if (type !== "name" || text !== "node") return { type, text };
  const before = tokens.slice(Math.max(0, i - 2), i).findLast((one) => one.type !== "space");
  return { type, text: before?.text === "." ? text : "xds.node" };
}
