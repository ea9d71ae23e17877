import { createHash } from "node:crypto";

/** What a name of a file may have, in bytes, with what is written before and behind it: systems take 255. */
const LONGEST = 200;
const KEPT = 150;

/** A name of a file for one of what runs, which may be longer than that. Different ones have different names. */
export function fileNameOf(name: string): string {
  if (name.length <= LONGEST) return name;
  const hash = createHash("sha256").update(name).digest("hex");
  return `${name.slice(0, KEPT)}_${hash.slice(0, 32)}`;
}
