/** Calls servers that are not trusted with anything but an answer. */
import { lookup as lookUp } from "node:dns";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublic } from "./public-address.js";

/** A call came to nothing; the message says why, and goes into a diagnostic. */
export class CallError extends Error {
  /** What it failed of, by the codes of Node and OpenSSL; undefined when a server answered. */
  readonly code: string | undefined;

  constructor(
    message: string,
    { code, ...options }: ErrorOptions & { readonly code?: string } = {},
  ) {
    super(message, options);
    this.name = "CallError";
    this.code = code;
  }
}

/** How a server is called. */
export interface CallOptions {
  /** Whether it may be at an address that is not of the public internet. */
  readonly mayBePrivate: boolean;
  /** Roots of its certificate in PEM, in the place of Node's. */
  readonly roots?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * The answer to a GET of an `https` or `http` URL, on a connection of its own. Behind `https` the server has to show a
 * certificate for its name.
 * @throws CallError, and what a call throws that is ended
 */
export function callUrl(
  url: URL,
  { mayBePrivate, roots, headers, signal }: CallOptions,
): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  const address = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // What is an address already is not looked up.
  if (!mayBePrivate && isIP(address) !== 0 && !isPublic(address)) {
    return Promise.reject(notPublic(address));
  }
  return new Promise((resolve, reject) => {
    const call = request(url, {
      // No connection outlives its question.
      agent: false,
      headers,
      signal,
      ...(roots === undefined ? {} : { ca: [...roots] }),
      ...(mayBePrivate ? {} : { lookup: lookUpPublic }),
    });
    call.once("response", resolve);
    call.once("error", reject);
    call.end();
  });
}

/**
 * All of an answer.
 * @throws CallError when it has more than so many bytes
 */
export async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new CallError(`its answer has more than ${String(maxBytes)} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Why a call came to nothing whose time is over when its signal says so. */
export function callErrorOf(error: unknown, signal: AbortSignal): CallError {
  if (error instanceof CallError) return error;
  if (signal.aborted) return new CallError("it did not answer in time", { cause: error });
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) return new CallError("it cannot be called", { cause: error });
  return new CallError(`it cannot be called: ${code}`, { cause: error, code });
}

/** Looks up a name at the moment of the call, so that it cannot lead elsewhere by then. */
const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    const within = error === null ? addresses.find(({ address }) => !isPublic(address)) : undefined;
    const problem = within === undefined ? error : notPublic(within.address);
    const [first] = problem === null ? addresses : [];
    if (first === undefined || options.all === true) callback(problem, addresses);
    else callback(null, first.address, first.family);
  });
};

const notPublic = (address: string): CallError =>
  new CallError(`${address}, where it is, is no address of the public internet`);
