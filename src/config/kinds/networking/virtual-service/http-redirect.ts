import type { Path } from "../../../kind.js";
import { oneOf, optional, strict, Text, Uint32, type ValueOf } from "../../value/fields.js";
import { atMostOne, type Findings, given, invalid } from "../../value/findings.js";
import { checkPortOrZero } from "../../value/numbers.js";

/** The redirect that answers a request. */
export type HTTPRedirect = ValueOf<typeof HTTPRedirect>;
export const HTTPRedirect = strict({
  uri: optional(Text),
  /** In the place of the prefix that the route matched, since Istio 1.31. */
  prefixRewrite: optional(Text),
  authority: optional(Text),
  port: optional(Uint32),
  derivePort: optional(oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT")),
  scheme: optional(Text),
  redirectCode: optional(Uint32),
});

/** A redirect to somewhere else, with a status that redirects. */
export function* checkRedirect(redirect: HTTPRedirect, path: Path): Findings {
  const { uri = "", prefixRewrite = "", authority = "", scheme = "", redirectCode = 0 } = redirect;
  const somewhere = uri + prefixRewrite + authority + scheme !== "";
  if (!somewhere && redirect.port === undefined && redirect.derivePort === undefined) {
    yield invalid(
      path,
      "the redirect leads nowhere: give uri, prefixRewrite, authority, scheme or port",
    );
  }
  yield* atMostOne(redirect, path, ["uri", "prefixRewrite"]);
  yield* atMostOne(redirect, path, ["port", "derivePort"]);
  yield* given(redirect.port, [...path, "port"], checkPortOrZero);
  if (!["", "http", "https"].includes(scheme)) {
    yield invalid([...path, "scheme"], `"${scheme}" is no scheme of a redirect: http or https`);
  }
  if (redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399)) {
    yield invalid([...path, "redirectCode"], `${redirectCode} is no redirect: 300 to 399`);
  }
}
