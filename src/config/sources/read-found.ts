import { constants } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { describeSize } from "./find-config.js";
import { leadsOut, realFileOf, secretNames } from "./find-secrets.js";
import { type Found, NOTHING, problemOf, type SourceProblem } from "./found.js";
import { type OpenFile, withFile } from "./open-file.js";
import type { SourceLimits } from "./root.js";
import { SECRET_FILES, type SecretFile, type Source } from "./source.js";

/** Reads what was found; undefined when it has gone since. */
export async function readFound(found: Found, limits: SourceLimits): Promise<Source | undefined> {
  const { path, root, problem } = found;
  if (problem !== undefined) return { type: "unreadable", path, root, ...problem };
  return found.kind === "secrets" ? readFolder(found, limits) : readFile(found, limits);
}

async function readFile({ path, root }: Found, limits: SourceLimits): Promise<Source | undefined> {
  const text = await readText(path, limits.fileBytes);
  if (typeof text === "string") return { type: "text", path, root, text };
  return text.code === NOTHING ? undefined : { type: "unreadable", path, root, ...text };
}

async function readFolder({ path, root }: Found, limits: SourceLimits): Promise<Source> {
  const files: Partial<Record<SecretFile, string>> = {};
  for (const file of SECRET_FILES) {
    const text = await readText(join(path, file), limits.fileBytes, (opened) =>
      checkOpened(root, join(path, file), opened),
    );
    if (typeof text === "string") files[file] = text;
    else if (text.code !== NOTHING) {
      return { type: "unreadable", path, root, ...text, message: `${file}: ${text.message}` };
    }
  }
  return { type: "secret", path, root, ...secretNames(root, path), files };
}

/** The text of a file, never more than the limit of it; UTF-8, a byte order mark is dropped. */
async function readText(
  path: string,
  limit: number,
  check?: (opened: OpenFile) => Promise<SourceProblem | undefined>,
): Promise<string | SourceProblem> {
  try {
    return await withFile(
      path,
      // Without O_NONBLOCK, opening a pipe that took the place of the file would wait for a writer.
      constants.O_RDONLY | constants.O_NONBLOCK,
      async (file) => (await check?.(file)) ?? textOf(file, limit),
    );
  } catch (error) {
    return problemOf(error);
  }
}

async function textOf(file: OpenFile, limit: number): Promise<string | SourceProblem> {
  const size = Number((await file.stat()).size);
  const buffer = Buffer.allocUnsafe(Math.min(size, limit) + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length && length !== size; length += read) {
    read = await file.read(buffer, length);
  }
  if (length > limit) return { code: "file-too-large", message: describeSize(length, limit) };
  return decodeText(buffer.subarray(0, length));
}

/** Whether the file that was opened is the one that may be read: a link may have been put in its place meanwhile. */
async function checkOpened(
  root: string,
  path: string,
  opened: OpenFile,
): Promise<SourceProblem | undefined> {
  const real = await realFileOf(root, path);
  const allowed = real === undefined ? undefined : await stat(real, { bigint: true });
  const { dev, ino } = await opened.stat();
  return allowed?.dev === dev && allowed.ino === ino ? undefined : leadsOut(basename(path));
}

/** The text that bytes are, which has to be UTF-8; a byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string | SourceProblem {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { code: "not-utf8", message: "the file is no UTF-8: save it in that encoding" };
  }
}
