/** The frames in which messages are sent. See gRPC over HTTP/2, "Length-Prefixed-Message". */

import { CallRefused } from "./call-refused.js";
import type { FrameMemory } from "./frame-memory.js";
import { status } from "./status-code.js";

/** A flag (compressed or not), and the message's length. */
const HEAD_BYTES = 5;

/** The head of a message that is not compressed. */
export function frameHead(messageBytes: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(0, 0);
  head.writeUInt32BE(messageBytes, 1);
  return head;
}

/** Reads the messages of one stream. */
export interface FrameReader {
  /**
   * Takes the bytes of a stream as they come, and gives each message that is whole with them. The bytes of a message are good
   * until `take` returns. Whether any was whole.
   * @throws CallRefused for a message that is too long, or compressed; nothing can be read after it
   */
  readonly read: (chunk: Buffer, take: (message: Buffer) => void) => boolean;
  /** Forgets what came of a message that is not whole; nothing can be read after it. */
  readonly discard: () => void;
}

/** The length that a head tells. */
function lengthOf(head: Buffer, maxBytes: number): number {
  if (head.readUInt8(0) !== 0) {
    throw new CallRefused(status.UNIMPLEMENTED, "compressed messages are not read");
  }
  const length = head.readUInt32BE(1);
  if (length > maxBytes) {
    const reason = `a message of ${length} bytes; at most ${maxBytes} are read`;
    throw new CallRefused(status.RESOURCE_EXHAUSTED, reason);
  }
  return length;
}

/**
 * Reads the messages of one stream, of at most so many bytes each. No memory is taken for bytes that a head only promises, and
 * `refuse` is called when there is no memory left for those that came.
 */
export function createFrameReader(
  maxBytes: number,
  memory: FrameMemory,
  refuse: (reason: CallRefused) => void,
): FrameReader {
  const part = memory.part(refuse);
  /** Of the message whose head was read. */
  let length: number | undefined;
  return {
    read(chunk, take) {
      let isWhole = false;
      for (let rest = chunk; ; ) {
        const missing = (length ?? HEAD_BYTES) - part.length;
        if (rest.length < missing) {
          part.add(rest);
          return isWhole;
        }
        const whole = part.completeWith(rest.subarray(0, missing));
        rest = rest.subarray(missing);
        if (length === undefined) length = lengthOf(whole, maxBytes);
        else {
          length = undefined;
          isWhole = true;
          take(whole);
        }
      }
    },
    discard: part.discard,
  };
}
