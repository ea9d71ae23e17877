import { literalRegex } from "../../base/text/literal-regex.js";
import type { HTTPRewrite } from "../../config/kinds/networking/virtual-service/http-rewrite.js";
import type { RouteActionJson, RouteMatchJson } from "../api.js";

type PathRewrite = Pick<RouteActionJson, "prefixRewrite" | "regexRewrite">;
type PrefixMatch = Pick<RouteMatchJson, "pathSeparatedPrefix">;

/** What becomes of the path before a request that was matched so is forwarded. See Istio, HTTPRewrite. */
export function pathRewrite(
  { uri, uriRegexRewrite }: HTTPRewrite,
  match: PrefixMatch,
): PathRewrite {
  if (uriRegexRewrite === undefined) return replacedPrefix(uri, match);
  const { match: regex = "", rewrite: substitution = "" } = uriRegexRewrite;
  return { regexRewrite: { pattern: { regex }, substitution } };
}

/**
 * Puts a path in the place of the prefix that a request matched. `/` for one that ends where a segment does takes it away:
 * Envoy would put it before the slash that is there.
 */
export function replacedPrefix(
  path: string | undefined,
  { pathSeparatedPrefix }: PrefixMatch,
): PathRewrite {
  if (path === undefined || path === "") return {};
  if (path !== "/" || pathSeparatedPrefix === undefined) return { prefixRewrite: path };
  return {
    regexRewrite: {
      pattern: { regex: `^${literalRegex(pathSeparatedPrefix)}/?` },
      substitution: "/",
    },
  };
}
