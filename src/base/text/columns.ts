import { visibleText } from "./visible-text.js";

/** How far columns are apart where nobody says otherwise. */
const GAP = 3;

/** Rows as lines of aligned columns, `gap` spaces apart, as kubectl and istioctl print them; the first row is the heading. */
export function columns(texts: readonly (readonly string[])[], gap = GAP): readonly string[] {
  const rows = texts.map((row) => row.map(visibleText));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}
