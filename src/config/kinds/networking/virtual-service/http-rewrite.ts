import type { Path } from "../../../kind.js";
import { optional, strict, Text, type ValueOf } from "../../value/fields.js";
import { type Findings, given, invalid } from "../../value/findings.js";
import { checkRegex } from "../../value/string-match.js";

const RegexRewrite = strict({ match: optional(Text), rewrite: optional(Text) });

/** What becomes of path and authority before a request is forwarded. */
export type HTTPRewrite = ValueOf<typeof HTTPRewrite>;
export const HTTPRewrite = strict({
  uri: optional(Text),
  authority: optional(Text),
  /** `\1` in `rewrite` is the first group of `match`. */
  uriRegexRewrite: optional(RegexRewrite),
});

/** Something to rewrite, and the path in one way only. */
export function* checkRewrite(rewrite: HTTPRewrite, path: Path): Findings {
  const { uri = "", authority = "", uriRegexRewrite } = rewrite;
  if (uri + authority === "" && uriRegexRewrite === undefined) {
    yield invalid(path, "the rewrite rewrites nothing: give uri, uriRegexRewrite or authority");
  }
  if (uri !== "" && uriRegexRewrite !== undefined) {
    yield invalid([...path, "uriRegexRewrite"], "uriRegexRewrite excludes uri: give one of them");
  }
  yield* given(uriRegexRewrite, [...path, "uriRegexRewrite"], function* (regex, at) {
    yield* checkRegex(regex.match ?? "", [...at, "match"]);
    if ((regex.rewrite ?? "") === "") {
      yield invalid([...at, "rewrite"], "uriRegexRewrite needs a rewrite beside its match");
    }
  });
}
