/** Gets what is behind a URL, wherever that leads, as far as it may. */
import type { IncomingHttpHeaders } from "node:http";
import { type AllowedHost, formatAllowedHost, hostOfUrl, placeOf } from "../net/allowed-host.js";
import { bodyOf, CallError, callErrorOf, callUrl } from "../net/call-url.js";

/** Who may be called, and for how long. */
export interface GetContext {
  /** Those that may be called at any address, and without TLS. */
  readonly hosts: readonly AllowedHost[];
  /** Roots of servers in PEM, in the place of Node's. */
  readonly roots?: readonly string[];
  /** Ends the calls when they take too long. */
  readonly signal: AbortSignal;
}

/** What is asked for. */
export interface GetRequest {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the URL's host; no other is told. */
  readonly authorization?: string;
  /** Of what is behind it. */
  readonly maxBytes: number;
}

/** What was answered in the end: with an error of the server's, the status and the headers alone. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const MOST_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const NOTHING = Buffer.alloc(0);

/**
 * The answer to a GET. A redirect is followed, five times at most: to a host that may be called; else by `https` to a public
 * address, and never out of `https`.
 * @throws CallError
 */
export async function get(request: GetRequest, context: GetContext): Promise<Answer> {
  let { url } = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce({ ...request, url }, request.url, context);
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.status) || location === undefined) return answer;
    if (redirects === MOST_REDIRECTS) {
      throw new CallError(`it redirects more than ${String(MOST_REDIRECTS)} times`);
    }
    url = redirectedTo(location, url);
  }
}

async function getOnce(
  { url, headers = {}, authorization, maxBytes }: GetRequest,
  { origin }: URL,
  { hosts, roots, signal }: GetContext,
): Promise<Answer> {
  const isTold = authorization !== undefined && url.origin === origin;
  try {
    const answer = await callUrl(url, {
      ...placeOfUrl(url, hosts),
      ...(roots && { roots }),
      headers: isTold ? { ...headers, authorization } : headers,
      signal,
    });
    const status = answer.statusCode ?? 0;
    if (status === 200) {
      return { status, headers: answer.headers, body: await bodyOf(answer, maxBytes) };
    }
    answer.destroy();
    return { status, headers: answer.headers, body: NOTHING };
  } catch (error) {
    throw callErrorOf(error, signal);
  }
}

/** Where a server may be that others lead to. */
function placeOfUrl(url: URL, hosts: readonly AllowedHost[]): { readonly mayBePrivate: boolean } {
  const host = hostOfUrl(url);
  const place = placeOf(host, hosts);
  if (place !== undefined) return place;
  if (url.protocol === "https:") return { mayBePrivate: false };
  throw new CallError(
    `it leads to ${url.origin} without TLS, and nobody allowed that: start with --fetch-modules ${formatAllowedHost(host)}`,
  );
}

function redirectedTo(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new CallError("it redirects to what is no URL");
  const to = new URL(location, from);
  const isFine = to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:");
  if (!isFine) throw new CallError(`it redirects from ${from.protocol}// to ${to.protocol}//`);
  to.username = "";
  to.password = "";
  return to;
}
