/** Whether values of a request are those that a route asks for. See Envoy, StringMatcher, HeaderMatcher. */
import { RE2JS } from "re2js";
import type {
  HeaderMatcherJson,
  QueryParameterMatcherJson,
  StringMatcherJson,
} from "../envoy/api.js";

/** Whether a regular expression takes all of a text: Envoy never looks for a part. */
export function isFullMatch(regex: string, text: string): boolean {
  return RE2JS.compile(regex).matches(text);
}

/** Whether a text is what a matcher asks for. */
export function matchesString(matcher: StringMatcherJson, text: string): boolean {
  const { exact, prefix, suffix, contains, safeRegex, ignoreCase } = matcher;
  if (safeRegex !== undefined) return isFullMatch(safeRegex.regex ?? "", text);
  const fold = (value: string): string => (ignoreCase === true ? value.toLowerCase() : value);
  const value = fold(text);
  if (exact !== undefined) return value === fold(exact);
  if (prefix !== undefined) return value.startsWith(fold(prefix));
  if (suffix !== undefined) return value.endsWith(fold(suffix));
  return contains !== undefined && value.includes(fold(contains));
}

/** Whether a request has the header that a matcher asks for; `value` is undefined when it has none of that name. */
export function matchesHeader(matcher: HeaderMatcherJson, value: string | undefined): boolean {
  const { presentMatch, stringMatch, invertMatch, treatMissingHeaderAsEmpty, rangeMatch } = matcher;
  const inverted = invertMatch === true;
  if (presentMatch !== undefined) return ((value !== undefined) === presentMatch) !== inverted;
  const text = value ?? (treatMissingHeaderAsEmpty === true ? "" : undefined);
  // A header that is not there has no value, so that inverting says nothing either.
  if (text === undefined) return false;
  if (rangeMatch !== undefined) {
    const number = Number(text);
    const { start = "0", end = "0" } = rangeMatch;
    return (number >= Number(start) && number < Number(end)) !== inverted;
  }
  const holds = stringMatch === undefined ? value !== undefined : matchesString(stringMatch, text);
  return holds !== inverted;
}

/** Whether a request has the query parameter that a matcher asks for. */
export function matchesQueryParameter(
  { stringMatch, presentMatch }: QueryParameterMatcherJson,
  value: string | null,
): boolean {
  if (stringMatch !== undefined) return value !== null && matchesString(stringMatch, value);
  return (value !== null) === (presentMatch ?? true);
}
