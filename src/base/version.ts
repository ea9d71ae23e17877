import { createHash } from "node:crypto";

const VERSION_LENGTH = 16;

/** The version of some content: the first 16 hexadecimal digits of the SHA-256 of its bytes. */
export function versionOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, VERSION_LENGTH);
}
