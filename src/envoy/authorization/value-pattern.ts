/** The patterns of authorization rules: a text, the beginning of one (`x*`), the end of one (`*x`), or `*` for any. */
import { RE2JS } from "re2js";
import type { HeaderMatcherJson, StringMatcherJson } from "../api.js";

/** Matches any text that is not empty. */
export const ANYTHING: StringMatcherJson = { safeRegex: { regex: ".+" } };

/** How a pattern is matched; `before` stands before every text that the pattern is for. */
export function stringPattern(pattern: string, before = ""): StringMatcherJson {
  if (pattern === "*") return ANYTHING;
  if (pattern.startsWith("*")) {
    const suffix = pattern.slice(1);
    return before === ""
      ? { suffix }
      : { safeRegex: { regex: `${before}.*${RE2JS.quote(suffix)}` } };
  }
  if (pattern.endsWith("*")) return { prefix: `${before}${pattern.slice(0, -1)}` };
  return { exact: `${before}${pattern}` };
}

/** The regular expression of a pattern whose stars may stand anywhere, each for what `star` is the expression of. */
export function regexOfPattern(pattern: string, star: string): string {
  return pattern
    .split("*")
    .map((text) => RE2JS.quote(text))
    .join(star);
}

/** A header that has a value of this pattern; `*` asks that it is there. */
export function headerPattern(name: string, pattern: string): HeaderMatcherJson {
  return pattern === "*"
    ? { name, presentMatch: true }
    : { name, stringMatch: stringPattern(pattern) };
}

/** A header one of whose values, separated by commas, is of this pattern. See Istio, matcher.InlineHeaderMatcher. */
export function headerListPattern(name: string, pattern: string): HeaderMatcherJson {
  if (pattern === "*") return { name, presentMatch: true };
  const one = valueRegex(pattern);
  const regex = `^${one}$|^${one},.*|.*,${one},.*|.*,${one}$`;
  return { name, stringMatch: { safeRegex: { regex } } };
}

function valueRegex(pattern: string): string {
  if (pattern.startsWith("*")) return `.*${RE2JS.quote(pattern.slice(1))}`;
  if (pattern.endsWith("*")) return `${RE2JS.quote(pattern.slice(0, -1))}.*`;
  return RE2JS.quote(pattern);
}

/** The host of a request, whose letters may be of any case. */
export function hostPattern(pattern: string): HeaderMatcherJson {
  const { stringMatch, ...header } = headerPattern(":authority", pattern);
  return stringMatch === undefined
    ? header
    : { ...header, stringMatch: { ...stringMatch, ignoreCase: true } };
}
