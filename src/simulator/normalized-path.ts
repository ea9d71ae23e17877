/** The path of a request as a connection manager makes it comparable. See Envoy, HttpConnectionManager.normalize_path. */
import type { HttpConnectionManagerJson } from "../envoy/api.js";

/** What a connection manager does to paths. */
type PathFields = Pick<
  HttpConnectionManagerJson,
  "normalizePath" | "mergeSlashes" | "pathWithEscapedSlashesAction"
>;

/** A path in the form in which paths are compared. The query stays as it is, and what is no path (`*` of OPTIONS, none of CONNECT). */
export function normalizedPath(path: string, fields: PathFields): string {
  if (!path.startsWith("/")) return path;
  const [plain = "", ...query] = path.split("?");
  const unescaped =
    fields.pathWithEscapedSlashesAction === "UNESCAPE_AND_FORWARD" ? unescapeSlashes(plain) : plain;
  const canonical = fields.normalizePath === true ? canonicalPath(unescaped) : unescaped;
  const merged = fields.mergeSlashes === true ? canonical.replaceAll(/\/{2,}/g, "/") : canonical;
  return [merged, ...query].join("?");
}

const unescapeSlashes = (path: string): string =>
  path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");

/** Without dot segments and backslashes, and with nothing escaped that need not be (RFC 3986, section 6.2.2). */
function canonicalPath(path: string): string {
  const readable = path.replaceAll(/%[\da-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escaped;
  });
  return new URL(`http://host${readable}`).pathname;
}
