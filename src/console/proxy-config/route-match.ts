import type { RouteMatchJson } from "../../envoy/api.js";

/** Which paths a route takes, as istioctl writes it: `/api*`, `/login`, `regex ^/v[0-9]+$`. Headers are left out. */
export function describeMatch(match: RouteMatchJson = {}): string {
  const { prefix, path, pathSeparatedPrefix, safeRegex } = match;
  if (prefix !== undefined) return `${prefix}*`;
  if (path !== undefined) return path;
  if (pathSeparatedPrefix !== undefined) return `${pathSeparatedPrefix}/*`;
  if (safeRegex !== undefined) return `regex ${safeRegex.regex ?? ""}`;
  return match.connectMatcher === undefined ? "" : "CONNECT";
}
