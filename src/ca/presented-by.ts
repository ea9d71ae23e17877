import type { Metadata, ServerDuplexStream } from "@grpc/grpc-js";
import type { Presented } from "./authenticate.js";

/** What a connection tells of the other side. */
export interface ConnectedPeer {
  /** Its address and port, as gRPC writes them. */
  readonly address: string;
  /** The headers of the call. */
  readonly metadata: Metadata;
  /** Has the certificate, if TLS verified one. */
  readonly authContext: ReturnType<ServerDuplexStream<unknown, unknown>["getAuthContext"]>;
  /** It came in on a port without TLS. */
  readonly plaintext: boolean;
}

/** What a call brings along for its authentication. */
export function presentedBy(peer: ConnectedPeer): Presented {
  return {
    transport: peer.plaintext ? "plaintext" : "tls",
    authorization: peer.metadata.get("authorization").map(String),
    peerCertificate: peer.authContext.sslPeerCertificate?.raw,
    peerAddress: withoutPort(peer.address),
  };
}

/** `127.0.0.1:4711`, `::1:4711` and `[::1]:4711` without the last part. */
function withoutPort(address: string): string {
  return address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
