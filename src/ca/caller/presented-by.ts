import type { Caller } from "../../grpc/caller.js";
import type { Presented } from "./authenticate.js";

/** What a call brings along for its authentication. */
export function presentedBy(caller: Omit<Caller, "name">): Presented {
  return {
    transport: caller.isEncrypted ? "tls" : "plaintext",
    authorization: caller.authorization,
    peerCertificate: caller.certificate,
    peerAddress: caller.address,
  };
}
