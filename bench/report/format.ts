/** Figures as people read them. */

/** Milliseconds, or seconds from a second on. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** Bytes in the unit that suits them; a thousand to the next. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return bytes >= 1000 ? `${(bytes / 1000).toFixed(1)} KB` : `${bytes.toFixed(0)} B`;
}

/** How many times as much. */
export function formatFactor(value: number | undefined, of: number | undefined): string {
  if (value === undefined || of === undefined || of === 0) return "-";
  return `×${(value / of).toFixed(2)}`;
}

/** Rows as lines with aligned columns: the first column to the left, the others to the right. */
export function formatRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const padded = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  };
  return rows.map((row) => row.map(padded).join("  ").trimEnd());
}
