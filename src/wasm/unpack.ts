/** Takes modules out of what they are packed in. */
import { createHash } from "node:crypto";
import { basename } from "node:path/posix";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { extract } from "tar-stream";
import { ModuleError } from "./module-error.js";

/** The longest module, and the longest archive of one. */
export const MAX_MODULE_BYTES = 64 * 1024 * 1024;

const IN_MIB = `${String(MAX_MODULE_BYTES / 1024 / 1024)} MiB`;
const MAGIC = Buffer.from("\0asm", "latin1");
const GZIP = Buffer.from([0x1f, 0x8b]);
const TAR = Buffer.from("ustar", "latin1");
const TAR_AT = 257;

const unzip = promisify(gunzip);

/** The SHA-256 of some bytes, in small hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether some bytes begin as a module does. */
export function isModule(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/**
 * The file of a name, in whatever folder, of a tar archive that is compressed by gzip.
 * @throws ModuleError
 */
export async function fileOfLayer(layer: Buffer, name: string): Promise<Buffer> {
  const file = await firstFile(await unzipped(layer), (path) => basename(path) === name);
  if (file !== undefined) return file;
  throw new ModuleError(`the layer of its image has no file ${name}`);
}

/**
 * What was put behind a URL as a module: that itself, or the first file of a tar archive, each of which may be compressed by gzip.
 * @throws ModuleError
 */
export async function unboxed(bytes: Buffer): Promise<Buffer> {
  if (isModule(bytes)) return bytes;
  const plain = GZIP.equals(bytes.subarray(0, GZIP.length)) ? await unzipped(bytes) : bytes;
  if (!TAR.equals(plain.subarray(TAR_AT, TAR_AT + TAR.length))) return plain;
  const file = await firstFile(plain, () => true);
  if (file !== undefined) return file;
  throw new ModuleError("it is an archive without a file");
}

async function unzipped(bytes: Buffer): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: MAX_MODULE_BYTES });
  } catch (cause) {
    const isLong =
      cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    const message = isLong
      ? `it has more than ${IN_MIB} when it is unpacked`
      : "what is packed by gzip cannot be unpacked";
    throw new ModuleError(message, { cause });
  }
}

async function firstFile(
  archive: Buffer,
  isMeant: (path: string) => boolean,
): Promise<Buffer | undefined> {
  const entries = extract();
  entries.end(archive);
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header;
      if (type !== "file" || !isMeant(name)) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
    return undefined;
  } catch (cause) {
    throw new ModuleError("it is no tar archive that can be read", { cause });
  }
}
