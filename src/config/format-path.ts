import type { Path } from "./kind.js";

/** A path as people write it: `spec.http[0].match[1].headers["x-user"]`; `the resource` for its root. */
export function formatPath(path: Path): string {
  if (path.length === 0) return "the resource";
  return path.map(formatStep).join("");
}

function formatStep(step: string | number, index: number): string {
  if (typeof step === "number") return `[${String(step)}]`;
  if (!/^[\w$]+$/.test(step)) return `[${JSON.stringify(step)}]`;
  return index === 0 ? step : `.${step}`;
}
