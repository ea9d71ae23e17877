/** Gets a small document from a server that is not trusted with anything but that. */
import { lookup as lookUp } from "node:dns";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { LookupFunction } from "node:net";
import { isPublic } from "./public-address.js";

/** How a document is fetched. */
export interface FetchOptions {
  /** Whether the server may be at an address that is not of the public internet. */
  readonly mayBePrivate: boolean;
  /** Roots of servers in PEM, in the place of Node's. */
  readonly roots?: readonly string[];
  /** How long it may take in all. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A document could not be had; the message says why, and goes into a diagnostic. */
class DocumentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DocumentError";
  }
}

const MAX_BYTES = 64 * 1024;

/**
 * The text behind an `https` URL. The server has to show a certificate for its name, to answer with 200 (no redirect is
 * followed), in time, and with at most 64 KiB.
 * @throws DocumentError
 */
export async function fetchDocument(url: URL, options: FetchOptions): Promise<string> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  try {
    return await textOf(await answerTo(url, { ...options, signal }));
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    if (signal.aborted) throw new DocumentError("it did not answer in time", { cause: error });
    throw new DocumentError(reasonOf(error), { cause: error });
  }
}

function answerTo(
  url: URL,
  { mayBePrivate, roots, signal }: FetchOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      // No connection outlives its question.
      agent: false,
      headers: { accept: "application/json" },
      signal,
      ...(roots === undefined ? {} : { ca: [...roots] }),
      ...(mayBePrivate ? {} : { lookup: lookUpPublic }),
    });
    call.once("response", resolve);
    call.once("error", reject);
    call.end();
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = answer;
  if (statusCode !== 200) {
    answer.destroy();
    throw new DocumentError(`it answers with status ${String(statusCode)}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES)
      throw new DocumentError(`its answer has more than ${String(MAX_BYTES)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Looks up a name at the moment of the call, so that it cannot lead elsewhere by then. */
const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    const within = error === null ? addresses.find(({ address }) => !isPublic(address)) : undefined;
    const problem =
      within === undefined
        ? error
        : new DocumentError(`${within.address}, where it is, is no address of the public internet`);
    const [first] = problem === null ? addresses : [];
    if (first === undefined || options.all === true) callback(problem, addresses);
    else callback(null, first.address, first.family);
  });
};

/** What a call failed of, by the codes of Node and OpenSSL. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return code === undefined ? "it cannot be called" : `it cannot be called: ${code}`;
}
