/** Values of metrics' tags, as users write them for Istio's filter, and as a stock Envoy's formatter of CEL takes them. */
import { readCel } from "./cel.js";
import { type Token, tokenize } from "./cel-tokens.js";
import { envoyCelProblem } from "./envoy-cel.js";

/** An expression that Envoy takes, or what it has for a value that it does not take. */
export type MetricExpression = { readonly cel: string } | { readonly problem: string };

/** What Istio's filters keep of the peer, by its name or as the text that is the key of `filter_state`. */
const OF_PEER = /^(["']?)(wasm\.)?(up|down)stream_peer(_id|_obj)?\1$/;

/**
 * The expression of a tag. What Istio's filter calls `node` is `xds.node` in Envoy, and a conversion of the whole value to text
 * is left out: whatever a tag's value is, it is written as text. See Istio, MetricsOverrides.TagOverride.value.
 */
export function metricExpression(value: string): MetricExpression {
  const tokens = tokenize(convertedWhole(value) ?? value);
  if (typeof tokens === "string") return { problem: `no CEL expression (${tokens})` };
  const cel = tokens.map(inEnvoysWords).join("").trim();
  const problem = envoyCelProblem(cel);
  if (problem !== undefined) return { problem: `no CEL expression of a stock Envoy (${problem})` };
  // Envoy's formats have operators between percent signs, texts or not.
  if (cel.includes("%")) return { problem: "a percent sign, which would end it," };
  if (tokens.some(({ text }) => OF_PEER.test(text))) {
    return { problem: "what Istio's filters keep of the peer, which a stock Envoy does not have," };
  }
  return { cel };
}

/** What all of a value converts to text; undefined where it is no such conversion. */
function convertedWhole(value: string): string | undefined {
  const inner = /^\s*string\s*\(([^]*)\)\s*$/.exec(value)?.[1];
  return inner === undefined || typeof readCel(inner) === "string" ? undefined : inner;
}

function inEnvoysWords({ type, text }: Token, i: number, tokens: readonly Token[]): string {
  const isWhole = tokens.slice(0, i).findLast((one) => one.type !== "space")?.text !== ".";
  return type === "name" && text === "node" && isWhole ? "xds.node" : text;
}
