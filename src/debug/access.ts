/** Who may ask the debug endpoints. See docs/decisions/0006-who-may-ask.md. */

import ipaddr from "ipaddr.js";
import type { Authenticate } from "../ca/caller/authenticate.js";
import { presentedBy } from "../ca/caller/presented-by.js";
import type { Caller } from "../grpc/caller.js";
import { status } from "../grpc/status-code.js";

/** By which way a call came in: the socket in the state directory, or a port with or without TLS. */
export type Entrance = "socket" | "plaintext" | "tls";

/** Who proved to be whom. */
export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Whether a caller is answered; the reason is for the caller. */
export type Access =
  | { readonly kind: "allowed" }
  | {
      readonly kind: "denied";
      readonly code: typeof status.UNAUTHENTICATED | typeof status.PERMISSION_DENIED;
      readonly message: string;
    };

/** What is needed to tell. */
export interface AccessOptions {
  readonly authenticate: Authenticate;
  /** The identities that may ask over TLS. */
  readonly operators: readonly Identity[];
}

/** Decides on one call. */
export type CheckAccess = (entrance: Entrance, peer: Caller) => Promise<Access>;

const ALLOWED: Access = { kind: "allowed" };

const denied = (
  code: typeof status.UNAUTHENTICATED | typeof status.PERMISSION_DENIED,
  message: string,
): Access => ({ kind: "denied", code, message });

/** Who may change something: as who may ask, but nobody by a port on which nobody proves to be anyone. */
export function forChanges(check: CheckAccess): CheckAccess {
  return async (entrance, peer) =>
    entrance === "plaintext"
      ? denied(
          status.UNAUTHENTICATED,
          "without TLS nothing is changed: ask by the socket in the state directory, or with an operator's certificate",
        )
      : check(entrance, peer);
}

/** Also for an IPv4 address that is written as IPv6. */
function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

/** Who may ask. The socket is in a directory that its owner alone may enter, so who reaches it may also read our keys. */
export function createCheckAccess({ authenticate, operators }: AccessOptions): CheckAccess {
  return async (entrance, peer) => {
    switch (entrance) {
      case "socket":
        return ALLOWED;
      case "plaintext":
        return isLoopback(peer.address)
          ? ALLOWED
          : denied(
              status.UNAUTHENTICATED,
              "without TLS this is answered on the control plane's own machine alone: " +
                "call the TLS port with an operator's certificate",
            );
      case "tls":
        return overTls({ authenticate, operators }, peer);
    }
  };
}

/** A join token is not looked at: it would be used up. */
async function overTls({ authenticate, operators }: AccessOptions, peer: Caller): Promise<Access> {
  const presented = presentedBy(peer);
  if (presented.peerCertificate === undefined) {
    return denied(
      status.UNAUTHENTICATED,
      "this is answered to who shows an operator's certificate",
    );
  }
  const result = await authenticate({ ...presented, authorization: [] });
  if (result.kind !== "proved") {
    const message = result.kind === "refused" ? result.refusal.message : "no certificate";
    return denied(status.UNAUTHENTICATED, message);
  }
  const { namespace, serviceAccount } = result.proof;
  const known = operators.some(
    (one) => one.namespace === namespace && one.serviceAccount === serviceAccount,
  );
  return known
    ? ALLOWED
    : denied(
        status.PERMISSION_DENIED,
        `${namespace}/${serviceAccount} is no operator: start the control plane with ` +
          `--operator ${namespace}/${serviceAccount} to let it ask`,
      );
}
