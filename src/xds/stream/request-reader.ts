/**
 * Reads requests. The ACKs of a response that many clients were sent are the same bytes, since its nonce is the same
 * (see send.ts), and come one after the other: they are read once.
 */
import type { Dialect, Incoming } from "./dialect.js";

/** As Dialect.decode. */
export type ReadRequest = (
  dialect: Dialect,
  message: Buffer,
  onlyType: string | undefined,
) => Incoming;

interface Read {
  readonly dialect: Dialect;
  readonly onlyType: string | undefined;
  readonly message: Buffer;
  readonly incoming: Incoming;
}

/** It says that a response was accepted, and nothing else. */
const isPlainAck = ({ nonce, error, node, names, unsubscribed }: Incoming): boolean =>
  nonce !== "" &&
  error === undefined &&
  node === undefined &&
  names.length + unsubscribed.length === 0;

/** A reader that has read nothing. */
export function createRequestReader(): ReadRequest {
  let last: Read | undefined;
  return (dialect, message, onlyType) => {
    const isSame =
      last?.dialect === dialect && last.onlyType === onlyType && last.message.equals(message);
    if (last !== undefined && isSame) return last.incoming;
    const incoming = dialect.decode(message, onlyType);
    // The message's memory is another one's as soon as this one is handled.
    if (isPlainAck(incoming)) last = { dialect, onlyType, message: Buffer.from(message), incoming };
    return incoming;
  };
}
