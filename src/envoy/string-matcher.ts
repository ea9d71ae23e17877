import type { StringMatch } from "../config/kinds/value/string-match.js";
import type { StringMatcherJson } from "./api.js";

/** Istio's string match as Envoy's; undefined for one that says nothing (then presence is what is meant). */
export function stringMatcher(match: StringMatch): StringMatcherJson | undefined {
  if (match.exact !== undefined) return { exact: match.exact };
  if (match.prefix !== undefined) return { prefix: match.prefix };
  if (match.regex !== undefined) return { safeRegex: { regex: match.regex } };
  return undefined;
}
