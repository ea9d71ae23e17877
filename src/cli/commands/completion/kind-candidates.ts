import { kindWords } from "../../../config/kind-named.js";
import type { Candidate } from "./complete.js";

/** The kinds as a word begins to write them: in small letters, or as files do; one for short when it is the word. */
export function kindCandidates(begun: string): readonly Candidate[] {
  const isCapital = /^[A-Z]/.test(begun);
  return kindWords().flatMap(({ name, shortNames }) => {
    const description = [name, ...shortNames].join(", ");
    const words = [
      isCapital ? name : name.toLowerCase(),
      ...shortNames.filter((one) => one === begun),
    ];
    return words.map((word) => ({ word, description }));
  });
}
