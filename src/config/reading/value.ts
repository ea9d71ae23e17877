import { isMap } from "../../base/is-map.js";

/** What kind of thing a value is, for messages; never the value itself, which may be a secret. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isMap(value)) return "a map";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
