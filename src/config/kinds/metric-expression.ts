/** Values of metrics' tags, as users write them for Istio's filter, and as a stock Envoy's formatter of CEL takes them. */
import { celProblem } from "./cel.js";

/** An expression that Envoy takes, or what it has for a value that it does not take. */
export type MetricExpression = { readonly cel: string } | { readonly problem: string };

/** What a stock Envoy has no words for, and what it is. */
const UNKNOWN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:filter_state|upstream_peer|downstream_peer)\b/, "what Istio's filters keep of the peer"],
  [/\b(?:string|int|uint|double|bytes|timestamp|duration)\s*\(/, "a conversion"],
  [
    /\.\s*(?:split|substring|replace|lowerAscii|upperAscii|trim|join|format)\s*\(/,
    "a function of strings",
  ],
];

/** A conversion to text of all of an expression: whatever a tag's value is, it is written as text. */
const AS_TEXT = /^\s*string\s*\(([^()]*)\)\s*$/;

/**
 * The expression of a tag. What Istio's filter calls `node` is `xds.node` in Envoy; a conversion of the whole value to text is
 * left out, and others are none of Envoy's. See Istio, MetricsOverrides.TagOverride.value.
 */
export function metricExpression(value: string): MetricExpression {
  const whole = AS_TEXT.exec(value)?.[1] ?? value;
  const cel = outsideOfTexts(whole, (words) => words.replaceAll(/(?<![\w.])node\./g, "xds.node."));
  const problem = celProblem(cel);
  if (problem !== undefined) return { problem: `no CEL expression (${problem})` };
  // Envoy's formats have operators between percent signs, texts or not.
  if (cel.includes("%")) return { problem: "a percent sign, which would end it," };
  const words = outsideOfTexts(cel, (text) => text, "''");
  const unknown = UNKNOWN_WORDS.find(([pattern]) => pattern.test(words));
  if (unknown !== undefined)
    return { problem: `${unknown[1]}, which a stock Envoy does not have,` };
  return { cel };
}

/** An expression whose words are changed, but for what is between quotes, which stays or is all the same text. */
function outsideOfTexts(cel: string, change: (words: string) => string, text?: string): string {
  const parts = cel.trim().split(/("[^"]*"|'[^']*')/);
  return parts.map((part, i) => (i % 2 === 0 ? change(part) : (text ?? part))).join("");
}
