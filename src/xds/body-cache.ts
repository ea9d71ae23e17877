import type { Response } from "./next-responses.js";
import type { Payload } from "./subscription.js";
import { encodeBody } from "./wire.js";

/** Encodes the bodies of responses, each once for all the streams that send it in one burst. */
export interface BodyCache {
  bodyOf(response: Response): Buffer;
  /** Lets go of all bodies; done when a burst is over. */
  forget(): void;
}

/** At most so many bytes are kept; what was added first goes first. */
const MAX_BYTES = 64 * 1024 * 1024;

/** See BodyCache. Payloads are compared by identity. */
export function createBodyCache(maxBytes = MAX_BYTES): BodyCache {
  const bodies = new Map<Payload, Buffer>();
  let bytes = 0;
  return {
    bodyOf({ typeUrl, style, payload }) {
      const known = bodies.get(payload);
      if (known !== undefined) return known;
      const body = encodeBody(typeUrl, style, payload);
      bodies.set(payload, body);
      bytes += body.length;
      for (const [oldest, { length }] of bodies) {
        if (bytes <= maxBytes) break;
        bodies.delete(oldest);
        bytes -= length;
      }
      return body;
    },
    forget() {
      bodies.clear();
      bytes = 0;
    },
  };
}
