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
