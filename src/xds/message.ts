/** A message whose parts are encoded already. Most are shared with other messages, so that one that waits takes no memory. */
export interface Message {
  /** Of all parts, in bytes. */
  readonly length: number;
  readonly parts: readonly Buffer[];
}

/** The message of these parts. */
export function messageOf(parts: readonly Buffer[]): Message {
  return { length: parts.reduce((sum, { length }) => sum + length, 0), parts };
}

/** Puts a message together. The bytes are good until the next one is put together. */
export type Assemble = (message: Message) => Buffer;

/** What is kept to put messages together in; a longer one is given memory of its own. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Puts messages together in the same memory, one after the other: a storm of clients is sent hundreds of megabytes, and
 * memory that is asked for anew each time has the garbage collector look through the whole heap again and again.
 */
export function createAssembler(maxKeptBytes = MAX_KEPT_BYTES): Assemble {
  let kept = Buffer.alloc(0);
  const memoryFor = (length: number): Buffer => {
    if (length > maxKeptBytes) return Buffer.allocUnsafeSlow(length);
    if (length > kept.length) {
      kept = Buffer.allocUnsafeSlow(Math.min(maxKeptBytes, Math.max(length, 2 * kept.length)));
    }
    return kept;
  };
  return ({ length, parts }) => {
    const [first] = parts;
    if (first !== undefined && parts.length === 1) return first;
    const memory = memoryFor(length);
    let at = 0;
    for (const part of parts) at += part.copy(memory, at);
    return memory.subarray(0, at);
  };
}
