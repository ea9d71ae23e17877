import type { Metadata, ServerDuplexStream } from "@grpc/grpc-js";
import type { Presented } from "./authenticate.js";

/** The part of a gRPC call that says who makes it. */
export interface IncomingCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): ReturnType<ServerDuplexStream<unknown, unknown>["getAuthContext"]>;
}

/** What a call brings along for its authentication. A port knows for itself whether it speaks TLS. */
export function presentedBy(call: IncomingCall, transport: Presented["transport"]): Presented {
  return {
    transport,
    authorization: call.metadata.get("authorization").map(String),
    // Only there when the chain was verified.
    peerCertificate: call.getAuthContext().sslPeerCertificate?.raw,
    peerAddress: withoutPort(call.getPeer()),
  };
}

/** `127.0.0.1:4711`, `::1:4711` and `[::1]:4711` without the last part. */
function withoutPort(peer: string): string {
  return peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
