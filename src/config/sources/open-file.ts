/**
 * Files that are read by their descriptors. Node's object for an open file costs more than all that is done with it, which
 * counts at the start of a mesh of ten thousand files.
 */
import { type BigIntStats, close, fstat, open, read } from "node:fs";

type Callback<T> = (error: NodeJS.ErrnoException | null, result: T) => void;

function called<T>(call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

/** A file that is open for reading. */
export interface OpenFile {
  readonly stat: () => Promise<BigIntStats>;
  /** Reads on into a buffer, from an offset to its end; how many bytes that were, 0 at the end of the file. */
  readonly read: (into: Buffer, offset: number) => Promise<number>;
}

/**
 * Opens a file for as long as it is used.
 * @throws the error of `node:fs`, with its code
 */
export async function withFile<T>(
  path: string,
  flags: number,
  use: (file: OpenFile) => Promise<T>,
): Promise<T> {
  const descriptor = await called<number>((done) => {
    open(path, flags, done);
  });
  try {
    return await use({
      stat: () =>
        called((done) => {
          fstat(descriptor, { bigint: true }, done);
        }),
      read: (into, offset) =>
        called((done) => {
          read(descriptor, into, offset, into.length - offset, null, done);
        }),
    });
  } finally {
    await called<undefined>((done) => {
      close(descriptor, (error) => {
        done(error ?? null, undefined);
      });
    });
  }
}
