/**
 * What observers are told of a response and of the answer to it. Written out field by field: there is one for each response, and an
 * object that is spread and then added to costs more than all the rest of it.
 */
import type { Acked, Nacked, Pushed, StreamName } from "../observer.js";
import type { Response, SentResponse } from "../state/response/response.js";
import type { Incoming } from "./dialect.js";

/** Of a response of so many bytes that took so many milliseconds. */
export function pushedEvent(
  { stream, session, protocol }: StreamName,
  { typeUrl, nonce, payload }: Response,
  bytes: number,
  ms: number,
): Pushed {
  const { version, resources, changed, removed, isRetry = false } = payload;
  return {
    stream,
    session,
    protocol,
    typeUrl,
    nonce,
    version,
    resources: resources.length,
    changed: changed.length,
    removed: removed.length,
    bytes,
    isRetry,
    ms,
  };
}

/** Of a response that was accepted after so many milliseconds. Its nonce is a text that all have who were sent it: events are kept. */
export function ackedEvent(
  { stream, session, protocol }: StreamName,
  typeUrl: string,
  { nonce, payload }: SentResponse,
  ms: number,
): Acked {
  const { isRetry = false } = payload;
  return { stream, session, protocol, typeUrl, nonce, isRetry, ms };
}

/** Of a response that was refused in these words. */
export function nackedEvent(
  acked: Acked,
  error: string,
  { payload }: SentResponse,
  { version }: Pick<Incoming, "version">,
): Nacked {
  const { stream, session, protocol, typeUrl, nonce, isRetry = false, ms } = acked;
  // Of what it accepted it cannot have refused anything: that is about something before (see settle.ts).
  const names = payload.version === version ? [] : payload.changed.map(({ name }) => name);
  return { stream, session, protocol, typeUrl, nonce, isRetry, ms, error, names };
}
