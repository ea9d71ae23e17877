import type { Pushed, StreamName } from "../observer.js";
import type { Response } from "../state/response/response.js";

/**
 * What observers are told of a response of so many bytes that took so many milliseconds. Written out field by field: there
 * is one for each response, and an object that is spread and then added to costs more than all the rest of it.
 */
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
