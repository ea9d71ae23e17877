/**
 * Where messages wait until all of their bytes have come. The pieces are copied, so that a message takes the memory of its own
 * bytes and no more, however small the pieces are and whatever else came with them.
 */
import { CallRefused } from "./call-refused.js";
import { status } from "./status-code.js";

/** The part of a message that has come. */
export interface MessagePart {
  /** Of what has come, in bytes. */
  readonly length: number;
  readonly add: (bytes: Buffer) => void;
  /** Gives all that came and these bytes, good until the next message is put together, and begins anew. */
  readonly completeWith: (bytes: Buffer) => Buffer;
  /** Forgets what came. */
  readonly discard: () => void;
}

/** What is kept to put messages together in, in bytes; a longer one is given memory of its own. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Parts of messages are kept in blocks of so many bytes. */
const BLOCK_BYTES = 4096;

/**
 * What is kept of free blocks for later messages, in bytes, while there are messages that are not whole, and when there is none: a fleet
 * of two hundred proxies that comes back has 10 MiB in these at once, with 10,000 services 200 MiB. Blocks that are given up and made
 * anew are garbage outside of the heap, of which V8 takes no more than 64 MiB before it looks through all of the heap.
 */
const MAX_FREE_BYTES = { meanwhile: 128 * 1024 * 1024, afterwards: 8 * 1024 * 1024 };

/** Of a part that takes memory. */
interface Holder {
  readonly giveUp: () => void;
}

/**
 * Memory in which the streams of a server put messages together, one after the other. A fleet that reconnects sends a hundred
 * megabytes within a second; if all of that were allocated anew, the garbage collector would look through the whole heap.
 *
 * What incomplete messages may take in all is limited. When the limit is reached, the stream whose message has been incomplete
 * for the longest is refused: an honest client sends the rest of a message at once.
 */
export class FrameMemory {
  readonly #maxBlocks: number;
  #kept = Buffer.alloc(0);
  readonly #free: Buffer[] = [];
  /** Of all holders. */
  #blocks = 0;
  /** In the order in which their messages began. */
  readonly #holders = new Set<Holder>();

  constructor(maxPartBytes: number) {
    this.#maxBlocks = Math.ceil(maxPartBytes / BLOCK_BYTES);
  }

  /** Of a stream: nothing has come yet. `refuse` is called when it has to give up what came. */
  part(refuse: (reason: CallRefused) => void): MessagePart {
    const blocks: Buffer[] = [];
    let length = 0;
    const holder: Holder = {
      giveUp: () => {
        discard();
        const reason = "messages that came in part take too much memory";
        refuse(new CallRefused(status.RESOURCE_EXHAUSTED, reason));
      },
    };
    const discard = (): void => {
      length = 0;
      this.#holders.delete(holder);
      this.#takeBack(blocks);
      blocks.length = 0;
    };
    return {
      get length() {
        return length;
      },
      add: (bytes) => {
        if (bytes.length === 0) return;
        this.#holders.add(holder);
        for (let at = 0; at < bytes.length; ) {
          const used = length % BLOCK_BYTES;
          if (used === 0) blocks.push(this.#lend());
          const copied = bytes.copy(blocks.at(-1) ?? this.#kept, used, at);
          at += copied;
          length += copied;
        }
        while (this.#blocks > this.#maxBlocks) this.#oldest()?.giveUp();
      },
      completeWith: (bytes) => {
        if (length === 0) return bytes;
        const whole = this.#take(length + bytes.length);
        blocks.forEach((block, index) => block.copy(whole, index * BLOCK_BYTES));
        bytes.copy(whole, length);
        discard();
        return whole;
      },
      discard,
    };
  }

  /** A buffer of this many bytes, good until the next one is taken. */
  #take(length: number): Buffer {
    if (length > MAX_KEPT_BYTES) return Buffer.allocUnsafeSlow(length);
    if (length > this.#kept.length) {
      this.#kept = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#kept.length));
    }
    return this.#kept.subarray(0, length);
  }

  #oldest(): Holder | undefined {
    const [oldest] = this.#holders;
    return oldest;
  }

  #lend(): Buffer {
    this.#blocks += 1;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  #takeBack(blocks: readonly Buffer[]): void {
    this.#blocks -= blocks.length;
    const { meanwhile, afterwards } = MAX_FREE_BYTES;
    const most = (this.#blocks === 0 ? afterwards : meanwhile) / BLOCK_BYTES;
    for (const block of blocks) this.#free.push(block);
    this.#free.length = Math.min(this.#free.length, most);
  }
}
