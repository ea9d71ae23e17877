import { splitSections } from "../yaml/sections.js";
import { readSection, type SectionReading } from "./section.js";
import type { SectionReadings } from "./source.js";

/** Reads the sections of some texts, a section a step: all that costs much of reading files. */
export function* readAhead(texts: Iterable<string>): Generator<void, SectionReadings> {
  const sections = new Map<string, SectionReading>();
  for (const text of texts) {
    for (const section of splitSections(text)) {
      if (sections.has(section.text)) continue;
      sections.set(section.text, readSection(section.text));
      yield;
    }
  }
  return sections;
}
