import { frameHead } from "./framing.js";

/**
 * A message as it is sent: the head of its frame, and encoded parts. Most parts are shared with other messages, so a message that
 * waits to be sent takes hardly any memory.
 */
export interface Message {
  /** Of the message without its head, in bytes. */
  readonly length: number;
  readonly parts: readonly Buffer[];
}

/** The message of these parts. */
export function messageOf(parts: readonly Buffer[]): Message {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return { length, parts: [frameHead(length), ...parts] };
}

/** The same message as one part, for what is sent again and again. */
export function inOnePiece(message: Message): Message {
  const { length, parts } = message;
  return parts.length === 1 ? message : { length, parts: [Buffer.concat(parts)] };
}
