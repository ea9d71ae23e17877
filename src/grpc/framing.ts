/** The frames in which messages are sent. See gRPC over HTTP/2, "Length-Prefixed-Message". */

import { CallRefused } from "./call-refused.js";
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

/**
 * Takes the bytes of a stream as they come, and gives each message that is whole with them. The bytes of a message are good
 * until `take` returns.
 */
export type ReadFrames = (chunk: Buffer, take: (message: Buffer) => void) => void;

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

/** What is kept to put messages together in, in bytes; a longer one is given memory of its own. */
const MAX_KEPT_BYTES = 1024 * 1024;

/**
 * Memory in which the streams of a server put messages together, one after the other: a fleet that comes back says a hundred
 * megabytes within a second, and as much that is asked for anew has the garbage collector look through the whole heap.
 */
export class FrameMemory {
  #kept = Buffer.alloc(0);

  /** So many bytes, until more are asked for. */
  take(length: number): Buffer {
    if (length > MAX_KEPT_BYTES) return Buffer.allocUnsafeSlow(length);
    if (length > this.#kept.length) {
      this.#kept = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#kept.length));
    }
    return this.#kept.subarray(0, length);
  }
}

/** Chunks that came one after the other. */
class Chunks {
  readonly #chunks: Buffer[] = [];
  readonly #memory: FrameMemory;
  /** Of all that is there. */
  length = 0;

  constructor(memory: FrameMemory) {
    this.#memory = memory;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Takes so many bytes away, which have to be there; good until more are taken. */
  take(length: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= length) return this.#takeFirst(length);
    const memory = this.#memory.take(length);
    for (let at = 0; at < length; ) at += this.#takeFirst(length - at).copy(memory, at);
    return memory;
  }

  /** Takes so many bytes of the first chunk, or as many as it has. */
  #takeFirst(length: number): Buffer {
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    const part = first.subarray(0, length);
    if (part.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(part.length);
    this.length -= part.length;
    return part;
  }
}

/**
 * Reads the messages of one stream, of at most so many bytes each. No memory is taken for bytes that a head only promises.
 * What it returns throws a CallRefused for a message that is longer, or compressed; nothing can be read after it.
 */
export function createFrameReader(maxBytes: number, memory: FrameMemory): ReadFrames {
  const chunks = new Chunks(memory);
  /** Of the message whose head was read. */
  let length: number | undefined;
  return (chunk, take) => {
    chunks.push(chunk);
    for (;;) {
      if (length === undefined && chunks.length >= HEAD_BYTES) {
        length = lengthOf(chunks.take(HEAD_BYTES), maxBytes);
      }
      if (length === undefined || chunks.length < length) return;
      const message = chunks.take(length);
      length = undefined;
      take(message);
    }
  };
}
