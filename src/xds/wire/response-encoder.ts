/** Encodes a response once for all streams that are sent the same: most of what an edit costs a large mesh. */

import { inOnePiece, type Message } from "../../grpc/message.js";
import type { Payload, Response } from "../state/response/response.js";
import { encodeResponse } from "./encode-response.js";
import { type Body, createSharedBody, type SharedBody } from "./shared-body.js";

/** Encodes responses, each once for all the streams that are sent it in one burst. */
export interface ResponseEncoder {
  encode(response: Response): Message;
  /** Lets go of what was encoded; done when a burst is over. */
  forget(): void;
}

/** How many bytes are kept at most; what was added first goes first. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A response longer than this, in bytes, shares with others what both have. Below that it is in one piece: to hand over its parts
 * costs more than to copy them once.
 */
const LARGE_BYTES = 1024 * 1024;

interface Encoded {
  readonly message: Message;
  /** What it takes in memory, in bytes. */
  readonly bytes: number;
}

/** See ResponseEncoder. Shared payloads are compared by identity. */
export function createResponseEncoder(
  maxBytes = MAX_BYTES,
  largeBytes = LARGE_BYTES,
): ResponseEncoder {
  const encoded = new Map<Payload, Encoded>();
  const bodies = new Map<string, SharedBody>();
  let bytes = 0;

  function bodyOf({ typeUrl, style, payload }: Response): Body {
    const key = `${typeUrl} ${style}`;
    const shared = bodies.get(key) ?? createSharedBody(typeUrl, style);
    bodies.set(key, shared);
    return shared.of(payload.resources);
  }

  function encodeShared(response: Response): Encoded {
    const message = encodeResponse(response);
    if (message.length <= largeBytes) {
      return { message: inOnePiece(message), bytes: message.length };
    }
    const { parts, made } = bodyOf(response);
    return { message: encodeResponse(response, parts), bytes: made };
  }

  return {
    encode(response) {
      if (!response.isShared) return encodeResponse(response);
      const known = encoded.get(response.payload);
      if (known !== undefined) return known.message;
      const made = encodeShared(response);
      encoded.set(response.payload, made);
      bytes += made.bytes;
      for (const [oldest, { bytes: freed }] of encoded) {
        if (bytes <= maxBytes) break;
        encoded.delete(oldest);
        bytes -= freed;
      }
      return made.message;
    },
    forget() {
      encoded.clear();
      bodies.clear();
      bytes = 0;
    },
  };
}
