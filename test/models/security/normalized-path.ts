/** Paths as policies compare them. See Istio, Authorization Policy Normalization. */
import type { MeshSettings } from "./objects.js";

/** The path of a request without its query, as far as the mesh normalises it. */
export function normalizedPath(target: string, option: MeshSettings["pathNormalization"]): string {
  const path = target.replace(/[?#].*$/s, "");
  if (option === "NONE") return path;
  if (option === "BASE") return basic(path);
  const decoded =
    option === "DECODE_AND_MERGE_SLASHES"
      ? path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\")
      : path;
  return basic(decoded).replaceAll(/\/+/g, "/");
}

/** `%HH` of unreserved characters is decoded once, a backslash is a slash, and dot segments are resolved (RFC 3986). */
function basic(path: string): string {
  const decoded = path.replaceAll(/%[\da-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[-.~\w]/.test(character) ? character : escaped;
  });
  return withoutDots(decoded.replaceAll("\\", "/"));
}

function withoutDots(path: string): string {
  const segments = path.split("/").slice(1);
  const kept = segments.reduce<readonly string[]>((before, segment) => {
    if (segment === "..") return before.slice(0, -1);
    return segment === "." ? before : [...before, segment];
  }, []);
  const last = segments.at(-1);
  const isFolder = last === "." || last === "..";
  return `/${kept.join("/")}${isFolder && kept.length > 0 ? "/" : ""}`;
}
