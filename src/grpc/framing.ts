/** The frames in which messages are sent. See gRPC over HTTP/2, "Length-Prefixed-Message". */
import { status } from "@grpc/grpc-js";
import { CallRefused } from "./call-refused.js";

/** A flag (compressed or not), and the message's length. */
const HEAD_BYTES = 5;

/** The head of a message that is not compressed. */
export function frameHead(messageBytes: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(0, 0);
  head.writeUInt32BE(messageBytes, 1);
  return head;
}

/** Takes the bytes of a stream as they come; each message that is whole with them, in memory of its own. */
export type ReadFrames = (chunk: Buffer) => readonly Buffer[];

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
 * Reads the messages of one stream, of at most so many bytes each. No memory is taken for bytes that a head only promises.
 * What it returns throws a CallRefused for a message that is longer, or compressed; nothing can be read after it.
 */
export function createFrameReader(maxBytes: number): ReadFrames {
  let waiting: Buffer[] = [];
  let bytes = 0;
  /** Whether what waits is in memory that was taken for it; else it is in a larger piece that came from the connection. */
  let isOwn = false;
  /** What waits, as one buffer: done when a head or a message is whole, so each byte is moved twice at most. */
  const joined = (): Buffer => {
    const [first] = waiting;
    if (waiting.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(waiting);
    waiting = [whole];
    isOwn = true;
    return whole;
  };
  /** How many bytes there have to be before there is anything to do. */
  let needed = HEAD_BYTES;
  return (chunk) => {
    if (waiting.length === 0) isOwn = false;
    waiting.push(chunk);
    bytes += chunk.length;
    const messages: Buffer[] = [];
    while (bytes >= needed) {
      const held = joined();
      needed = HEAD_BYTES + lengthOf(held, maxBytes);
      if (bytes < needed) break;
      const message = held.subarray(HEAD_BYTES, needed);
      messages.push(isOwn ? message : Buffer.from(message));
      bytes -= needed;
      waiting = bytes === 0 ? [] : [held.subarray(needed)];
      needed = HEAD_BYTES;
    }
    return messages;
  };
}
