/** How a call ended. See gRPC over HTTP/2, "Responses". */
import { status } from "@grpc/grpc-js";

/** How a call ended, and why, for its caller. */
export interface Status {
  readonly code: status;
  readonly details: string;
}

/** A call that was answered. */
export const OK: Status = { code: status.OK, details: "OK" };

/** The trailers that tell a status. */
export function trailersOf({ code, details }: Status): Record<string, string> {
  const trailers = { "grpc-status": String(code) };
  return details === "" ? trailers : { ...trailers, "grpc-message": percentEncoded(details) };
}

const SPACE = 0x20;
const TILDE = 0x7e;
const PERCENT = 0x25;

/** Text as `grpc-message` has it: the bytes of UTF-8, of which all but visible ASCII and spaces are written as `%41`. */
function percentEncoded(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= SPACE && byte <= TILDE && byte !== PERCENT;
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
