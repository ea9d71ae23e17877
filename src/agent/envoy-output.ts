/**
 * Where an Envoy writes. To write access logs it opens /dev/stdout by that name, which nobody can where the output is a socket, as
 * of systemd, or a pipe of another user. Then it writes into a pipe of ours, and what comes out is written on.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { close, constants, open } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** An output that an Envoy may be given. */
export interface EnvoyOutput {
  /** The descriptor; absent where that of this process will do. */
  readonly descriptor?: number;
  /** To be called when the Envoy has ended; resolves when all that it wrote is written on. */
  readonly close: () => Promise<void>;
}

const openFile = promisify(open);
const closeFile = promisify(close);

/** Opens an output for Envoys, with a pipe in this directory if it needs one. `write` gets what comes out of that. */
export async function openEnvoyOutput(
  directory: string,
  write: (text: string) => void,
): Promise<EnvoyOutput> {
  const isOpened = (await canOpen("/dev/stdout")) && (await canOpen("/dev/stderr"));
  return isOpened ? { close: () => Promise.resolve() } : openPipe(directory, write);
}

async function canOpen(path: string): Promise<boolean> {
  try {
    await closeFile(await openFile(path, constants.O_WRONLY | constants.O_APPEND));
    return true;
  } catch {
    return false;
  }
}

async function openPipe(directory: string, write: (text: string) => void): Promise<EnvoyOutput> {
  const path = join(directory, "envoy-output");
  await rm(path, { force: true });
  await promisify(execFile)("mkfifo", ["-m", "600", path]);
  // Without waiting for a writer, and without a thread that waits for what is written.
  const reader = new Socket({
    fd: await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  // Held open, so that there is no end to read between two Envoys.
  const descriptor = await openFile(path, constants.O_WRONLY);
  reader.setEncoding("utf8").on("data", write);
  return {
    descriptor,
    close: async () => {
      const ended = once(reader, "end");
      await closeFile(descriptor);
      await ended;
      reader.destroy();
      await rm(path, { force: true });
    },
  };
}
