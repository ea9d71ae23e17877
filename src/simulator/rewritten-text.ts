/** A text as Envoy rewrites it. See Envoy, RegexMatchAndSubstitute. */
import { RE2JS } from "re2js";
import type { RouteActionJson } from "../envoy/api.js";

/**
 * The text with all replaced that the pattern finds in it: `\1` is what its first group found, `\\` a backslash. Nothing that is
 * found right behind the match before is no match. See RE2, GlobalReplace.
 */
export function rewritten(
  text: string,
  { pattern, substitution = "" }: NonNullable<RouteActionJson["regexRewrite"]>,
): string {
  const matcher = RE2JS.compile(pattern?.regex ?? "").matcher(text);
  let written = "";
  let end = 0;
  let isFirst = true;
  while (matcher.find()) {
    const isEmpty = matcher.start() === matcher.end();
    if (isEmpty && !isFirst && matcher.start() === end) continue;
    isFirst = false;
    const found = substitution.replaceAll(/\\(\d|\\)/g, (_, of: string) =>
      of === "\\" ? of : (matcher.group(Number(of)) ?? ""),
    );
    written += text.slice(end, matcher.start()) + found;
    end = matcher.end();
  }
  return written + text.slice(end);
}
