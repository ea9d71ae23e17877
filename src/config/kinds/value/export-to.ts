import type { Path } from "../../kind.js";
import { isDnsLabel } from "./dns-names.js";
import { type Findings, invalid } from "./findings.js";

/** What besides its value decides whether an `exportTo` is right. */
export interface ExportToContext {
  /** The resource's own namespace, which `.` stands for. */
  readonly namespace: string;
  /** Whether `~`, nobody, can be said: of services, not of rules. */
  readonly nobody?: boolean;
}

/** Namespaces, `.` for the own one, or `*` alone for all; nothing twice. */
export function* checkExportTo(
  exportTo: readonly string[] = [],
  path: Path,
  context: ExportToContext,
): Findings {
  const seen = new Set<string>();
  for (const [index, entry] of exportTo.entries()) {
    const name = entry === "." ? context.namespace : entry;
    const at = [...path, index];
    if (seen.has(name)) yield invalid(at, `duplicate namespace "${entry}" in exportTo`);
    else if (!isEntry(entry, context)) {
      yield invalid(at, `"${entry}" is no namespace: a name, "." for the own one, or "*" for all`);
    }
    seen.add(name);
  }
  for (const word of ["*", "~"]) {
    if (exportTo.length > 1 && seen.has(word)) {
      const all = word === "*" ? "all namespaces" : "nobody";
      yield invalid(
        [...path, exportTo.indexOf(word)],
        `"${word}" is ${all}: it has to stand alone`,
      );
    }
  }
}

function isEntry(entry: string, { nobody = false }: ExportToContext): boolean {
  return entry === "." || entry === "*" || (nobody && entry === "~") || isDnsLabel(entry);
}
