import { createHash } from "node:crypto";

/** What tells texts of files apart: SHA-256 of their UTF-8, in base64. */
export function fileDigest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
