/** Archives of text files, for other people to read. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { errorMessage } from "../../../base/error-message.js";
import { CommandError } from "../../command-error.js";

/** A file of an archive. */
export interface ArchiveEntry {
  /** Its path in there. */
  readonly name: string;
  readonly text: string;
}

const NAME = /\.(tar|tar\.gz|tgz)$/;

/**
 * Writes a new tar archive that its owner alone may read, compressed unless its name ends in `.tar`. What was written is
 * removed when an entry cannot be had.
 * @throws CommandError when there is such a file, or it cannot be written
 */
export async function writeArchive(
  path: string,
  entries: AsyncIterable<ArchiveEntry>,
): Promise<void> {
  if (!NAME.test(path)) {
    throw new CommandError(
      `${path} has no name of an archive`,
      "one ends in .tar.gz, .tgz or .tar",
    );
  }
  const file = await createFile(path);
  const archive = pack();
  try {
    const filled = fill(archive, entries);
    // The pipeline ends with the archive, also when that cannot be filled.
    filled.catch((error: unknown) => {
      archive.destroy(error as Error);
    });
    await Promise.all([
      filled,
      path.endsWith(".tar")
        ? pipeline(archive, file.createWriteStream())
        : pipeline(archive, createGzip(), file.createWriteStream()),
    ]);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (cause) {
    throw new CommandError(
      `${path} cannot be written: ${errorMessage(cause)}`,
      "--output is a file that is not there yet",
    );
  }
}

async function fill(archive: Pack, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  for await (const { name, text } of entries) {
    await new Promise<void>((resolve, reject) => {
      archive.entry({ name }, text, (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  }
  archive.finalize();
}
