/** The join token of an agent, which somebody may write anew while the agent runs. */
import { readFile, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../base/error-message.js";
import { type Redacted, redact } from "../ca/redacted.js";

const LOOK_MS = 1000;

/** See the top of this file. */
export interface TokenFile {
  /** What it says now. Rejects when it cannot be read, with a message that names it. */
  read(): Promise<Redacted<string>>;
  /** Resolves when the file is another one, or the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
}

/** A token in a file, which somebody may write anew at any time, or only later. */
export function openTokenFile(path: string): TokenFile {
  let read = "";
  return {
    read: async () => {
      read = await versionOf(path);
      return readToken(path);
    },
    changed: async (signal) => {
      while (!signal.aborted && (await versionOf(path)) === read) {
        await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

async function readToken(path: string): Promise<Redacted<string>> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new TokenFileError(`the token file cannot be read: ${errorMessage(cause)}`, { cause });
  });
  const token = text.trim();
  // It becomes a header, in which nothing else may stand.
  if (!/^[\x21-\x7e]{1,16384}$/.test(token)) {
    throw new TokenFileError(`${path} does not have one token, and nothing else`);
  }
  return redact(token);
}

/** A file that has no token. */
class TokenFileError extends Error {
  readonly code = "token-file";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TokenFileError";
  }
}

async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? "" : [found.ino, found.size, found.mtimeMs].join(".");
}
