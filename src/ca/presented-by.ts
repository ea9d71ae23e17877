import type { Caller } from "../grpc/caller.js";
import type { Presented } from "./authenticate.js";

/** What a connection tells of the other side. */
export interface ConnectedPeer extends Pick<Caller, "address" | "authorization" | "certificate"> {
  /** It came in on a port without TLS. */
  readonly plaintext: boolean;
}

/** What a call brings along for its authentication. */
export function presentedBy(peer: ConnectedPeer): Presented {
  return {
    transport: peer.plaintext ? "plaintext" : "tls",
    authorization: peer.authorization,
    peerCertificate: peer.certificate,
    peerAddress: peer.address,
  };
}
