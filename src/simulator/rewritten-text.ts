/** A text as Envoy rewrites it. See Envoy, RegexMatchAndSubstitute. */
import { RE2JS } from "re2js";
import type { RouteActionJson } from "../envoy/api.js";

/** The text with all replaced that the pattern finds in it. */
export function rewritten(
  text: string,
  { pattern, substitution = "" }: NonNullable<RouteActionJson["regexRewrite"]>,
): string {
  const expression = RE2JS.compile(pattern?.regex ?? "");
  return expression.matcher(text).replaceAll(substitution.replaceAll(/\\(\d)/g, "$$$1"));
}
