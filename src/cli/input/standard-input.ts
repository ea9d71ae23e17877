import { describeSize } from "../../config/sources/find-config.js";
import { decodeText } from "../../config/sources/read-found.js";
import { DEFAULT_LIMITS } from "../../config/sources/root.js";
import type { Source } from "../../config/sources/source.js";

/** What stands for the standard input among the names of files. */
export const STANDARD_INPUT = "-";

/** How the standard input is called where a file's path would stand. */
const PATH = "<stdin>";

/** The standard input as a file of the configuration, with the same limits. */
export async function readStandardInput(stdin: AsyncIterable<Uint8Array>): Promise<Source> {
  const place = { path: PATH, root: PATH };
  const limit = DEFAULT_LIMITS.fileBytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > limit) {
      const message = describeSize(size, limit);
      return { type: "unreadable", ...place, code: "file-too-large", message };
    }
    chunks.push(chunk);
  }
  const text = decodeText(Buffer.concat(chunks));
  return typeof text === "string"
    ? { type: "text", ...place, text }
    : { type: "unreadable", ...place, ...text };
}
