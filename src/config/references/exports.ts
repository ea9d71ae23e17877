/** Who may see something, as Istio's `exportTo` says it. */
export interface Exported {
  /** The namespace that it is in. */
  readonly namespace: string;
  /** Namespaces, `.` for its own, `*` for all, `~` for none. */
  readonly exportTo: readonly string[];
}

/** Whether the namespace `from` sees what is exported so. */
export function isVisible({ namespace, exportTo }: Exported, from: string): boolean {
  return exportTo.some(
    (name) => name === "*" || name === from || (name === "." && from === namespace),
  );
}

/** What is exported as it says, else as the mesh configuration says. */
export function exportedAs(
  namespace: string,
  exportTo: readonly string[] | undefined,
  byDefault: readonly string[],
): Exported {
  return {
    namespace,
    exportTo: exportTo === undefined || exportTo.length === 0 ? byDefault : exportTo,
  };
}
