/** What wide tables have beside istioctl's columns: the parts of resources that made a row, and where they are written. */
import type { Source } from "../explain/provenance.js";

/** The headings of the columns. */
export const MADE_COLUMNS: readonly string[] = ["MADE BY", "PLACE"];

/** Services that share a listener are many. */
const SHOWN = 3;

/** The cells of a row: empty of what is the same in every mesh, or not known. The places are in the order of the parts. */
export function madeCells(sources: readonly Source[]): readonly string[] {
  const isPlaced = sources.some(({ position }) => position !== undefined);
  const places = sources.map(({ position }) =>
    position === undefined ? "-" : `${position.file}:${String(position.line)}`,
  );
  return [shown(sources.map(({ what }) => what)), isPlaced ? shown(places) : ""];
}

function shown(texts: readonly string[]): string {
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(", ") + (more > 0 ? ` + ${String(more)} more...` : "");
}
