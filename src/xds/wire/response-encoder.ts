/** Encodes a response once for all streams that are sent the same: most of what an edit costs a large mesh. */

import { inOnePiece, type Message } from "../../grpc/message.js";
import type { Payload, Response } from "../state/response/response.js";
import { encodeResponse } from "./encode-response.js";

/** Encodes responses, each once for all the streams that are sent it in one burst. */
export interface ResponseEncoder {
  encode(response: Response): Message;
  /** Lets go of what was encoded; done when a burst is over. */
  forget(): void;
}

/** How many bytes are kept at most; what was added first goes first. */
const MAX_BYTES = 64 * 1024 * 1024;

/** See ResponseEncoder. Shared payloads are compared by identity. */
export function createResponseEncoder(maxBytes = MAX_BYTES): ResponseEncoder {
  const encoded = new Map<Payload, Message>();
  let bytes = 0;
  return {
    encode(response) {
      if (!response.isShared) return encodeResponse(response);
      const known = encoded.get(response.payload);
      if (known !== undefined) return known;
      const message = inOnePiece(encodeResponse(response));
      encoded.set(response.payload, message);
      bytes += message.length;
      for (const [oldest, { length }] of encoded) {
        if (bytes <= maxBytes) break;
        encoded.delete(oldest);
        bytes -= length;
      }
      return message;
    },
    forget() {
      encoded.clear();
      bytes = 0;
    },
  };
}
