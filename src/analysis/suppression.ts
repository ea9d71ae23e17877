import type { Diagnostic } from "../base/diagnostic.js";
import { literalRegex } from "../base/text/literal-regex.js";
import { formatRef } from "../config/resource.js";
import type { Resources } from "./resources.js";

/** The annotation by which a resource asks not to be told some codes, joined by commas, or any (`*`). */
const ANNOTATION = "galley.istio.io/analyze-suppress";
const ANY = "*";

/** What of a diagnostic decides whether it is told. */
type Told = Pick<Diagnostic, "code" | "resource">;

/** A code that is not to be told of some resources. */
export interface Suppression {
  readonly code: string;
  /** `Kind name.namespace` or `Kind namespace/name`, in which `*` stands for any text. */
  readonly resource: string;
}

/** Tells what resources ask not to be told, by their annotations. */
export function createAnnotationFilter(resources: Resources): (told: Told) => boolean {
  const codes = new Map<string, readonly string[]>();
  for (const resource of resources.everything()) {
    const text = resource.annotations[ANNOTATION];
    if (text !== undefined) {
      codes.set(
        formatRef(resource),
        text.split(",").map((code) => code.trim()),
      );
    }
  }
  return ({ code, resource = "" }) => {
    const own = codes.get(resource) ?? [];
    return own.includes(ANY) || own.includes(code);
  };
}

/** A suppression as it is written: `IST0103=Pod mypod.testing`. undefined when it is not of that form. */
export function parseSuppression(text: string): Suppression | undefined {
  const [, code, resource] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  return code === undefined || resource === undefined ? undefined : { code, resource };
}

/** Whether something is not to be told. */
export function isSuppressed(
  { code, resource = "" }: Told,
  suppressions: readonly Suppression[],
): boolean {
  const names = [resource, resource.replace(/^(\S+) (.+)\.([^.]+)$/, "$1 $3/$2")];
  return suppressions.some(
    (one) => one.code === code && names.some((name) => matchesPattern(name, one.resource)),
  );
}

function matchesPattern(text: string, pattern: string): boolean {
  const parts = pattern.split("*").map(literalRegex);
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}
