/** What a call tells of who makes it. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { TLSSocket } from "node:tls";
import { bracketed } from "../base/text/host-port.js";

/** See the top of this file. */
export interface Caller {
  /** Its IP address; empty on a Unix socket. */
  readonly address: string;
  /** Its address and port, for people. */
  readonly name: string;
  /** It came by TLS. */
  readonly isEncrypted: boolean;
  /** The header of this name. */
  readonly authorization: readonly string[];
  /** The certificate that it showed, in DER, if it leads to a root that the server trusts. */
  readonly certificate: Buffer | undefined;
}

/** Who makes the call of a stream, on a connection with this certificate. */
export function callerOf(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  certificate?: Buffer,
): Caller {
  const socket = stream.session?.socket;
  const { remoteAddress: address = "", remotePort: port } = socket ?? {};
  return {
    address,
    name: port === undefined ? "a Unix socket" : `${bracketed(address)}:${port}`,
    isEncrypted: socket instanceof TLSSocket,
    authorization: headers.authorization === undefined ? [] : [headers.authorization],
    certificate,
  };
}
