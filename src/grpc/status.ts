/** How a call ended. See gRPC over HTTP/2, "Responses". */
import type { IncomingHttpHeaders } from "node:http2";
import { CallRefused } from "./call-refused.js";
import { type StatusCode, status } from "./status-code.js";

/** How a call ended, and why, for its caller. */
export interface Status {
  readonly code: StatusCode;
  readonly details: string;
}

/** A call that was answered. */
export const OK: Status = { code: status.OK, details: "OK" };

/** The trailers that tell a status. */
export function trailersOf({ code, details }: Status): Record<string, string> {
  const trailers = { "grpc-status": String(code) };
  return details === "" ? trailers : { ...trailers, "grpc-message": percentEncoded(details) };
}

/** How a call ended that trailers tell of; undefined for one that went well. */
export function statusOf(trailers: IncomingHttpHeaders): CallRefused | undefined {
  const code = codeOf(trailers["grpc-status"]);
  if (code === status.OK) return undefined;
  const details = trailers["grpc-message"];
  return new CallRefused(code, typeof details === "string" ? percentDecoded(details) : "");
}

/** The code that is told; UNKNOWN for what is none, as gRPC has it. */
function codeOf(text: string | readonly string[] | undefined): StatusCode {
  const code = Number(text);
  return Object.values(status).find((one) => one === code) ?? status.UNKNOWN;
}

/** What cannot be decoded is left as it is, as gRPC has it. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
