import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";

/** Diagnostics in order, of equal ones one: the same is found for every proxy that a mistake concerns. */
export function toldOnce(all: readonly Diagnostic[]): readonly Diagnostic[] {
  const distinct = new Map(all.map((one) => [JSON.stringify(one), one]));
  return [...distinct.values()].sort(compareDiagnostics);
}
