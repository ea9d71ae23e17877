/** The files of a directory as a caller tells of them: by their digests first, by their texts where these are not known. */

import type { PlannedFileJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { DEFAULT_LIMITS } from "../../config/sources/root.js";
import type { ReplacingFile } from "../../config/store/replacement.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { fileDigest } from "./file-digest.js";

/** See the top of this file. */
export interface PlannedFiles {
  /**
   * Takes some; the paths of those whose texts are needed.
   * @throws CallRefused
   */
  readonly add: (files: readonly PlannedFileJson[]) => readonly string[];
  /** @throws CallRefused when texts are missing */
  readonly list: () => readonly ReplacingFile[];
}

/** Of the texts that are sent for one plan, in all, in bytes; what the control plane has itself does not count. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_PATH = 4096;

/** No files; `textOf` tells what is known of a path. */
export function createPlannedFiles(textOf: (path: string) => string | undefined): PlannedFiles {
  const files = new Map<string, ReplacingFile | undefined>();
  let bytes = 0;
  const taken = (file: PlannedFileJson): ReplacingFile | undefined => {
    const { path = "", text, problem, sha256 = "" } = file;
    if (problem !== undefined) return { path, code: "", message: "", ...problem };
    if (text === undefined) {
      const known = textOf(path);
      return known !== undefined && fileDigest(known) === sha256
        ? { path, text: known }
        : undefined;
    }
    const size = Buffer.byteLength(text);
    bytes += size;
    if (size > DEFAULT_LIMITS.fileBytes) throw tooMuch(`${path} has ${size} bytes`);
    if (bytes > MAX_BYTES) throw tooMuch(`these files have more than ${MAX_BYTES} bytes`);
    return { path, text };
  };
  return {
    add: (some) =>
      some.flatMap((file) => {
        const path = checkedPath(file);
        const one = taken(file);
        files.set(path, one);
        if (files.size > DEFAULT_LIMITS.files) {
          throw tooMuch(`there are more than ${DEFAULT_LIMITS.files} files`);
        }
        return one === undefined ? [path] : [];
      }),
    list: () =>
      [...files].map(([path, file]) => {
        if (file !== undefined) return file;
        throw new CallRefused(status.FAILED_PRECONDITION, `the text of ${path} is missing`);
      }),
  };
}

function checkedPath({ path = "" }: PlannedFileJson): string {
  const isBelow = !path.startsWith("/") && !path.split("/").includes("..");
  if (isBelow && path.length <= MAX_PATH) return path;
  const message = `"${path.slice(0, MAX_PATH)}" is no path below a directory`;
  throw new CallRefused(status.INVALID_ARGUMENT, message);
}

const tooMuch = (what: string): CallRefused =>
  new CallRefused(
    status.RESOURCE_EXHAUSTED,
    `${what}: that is more than a control plane plans with; compare with its directory by --against`,
  );
