/** Gets a small document from a server that is not trusted with anything but that. */
import { bodyOf, CallError, type CallOptions, callErrorOf, callUrl } from "../net/call-url.js";
import { withinTime } from "../net/within-time.js";

/** How a document is fetched. */
export interface FetchOptions extends Omit<CallOptions, "headers"> {
  /** How long it may take in all. */
  readonly timeoutMs: number;
}

const MAX_BYTES = 64 * 1024;

/**
 * The text behind an `https` URL. The server has to show a certificate for its name, to answer with 200 (no redirect is
 * followed), in time, and with at most 64 KiB.
 * @throws CallError
 */
export function fetchDocument(
  url: URL,
  { timeoutMs, signal: ending, ...options }: FetchOptions,
): Promise<string> {
  return withinTime(timeoutMs, ending, async (signal) => {
    try {
      const headers = { accept: "application/json" };
      const answer = await callUrl(url, { ...options, headers, signal });
      const { statusCode = 0 } = answer;
      if (statusCode === 200) return (await bodyOf(answer, MAX_BYTES)).toString("utf8");
      answer.destroy();
      throw new CallError(`it answers with status ${String(statusCode)}`);
    } catch (error) {
      throw callErrorOf(error, signal);
    }
  });
}
