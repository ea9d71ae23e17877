/** The call by which another control plane is followed: over TLS, with the certificate of this one. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { FollowRegistrationsResponseJson } from "../../../gen/types/fairlead/peer/v1/peer_pb.js";
import type { HostPort } from "../../base/text/host-port.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { GrpcClient } from "../../grpc/client.js";
import type { TlsSource } from "../../grpc/server.js";
import { status } from "../../grpc/status-code.js";
import type { PeerCallListener } from "./peer-follower.js";
import { FOLLOW_REGISTRATIONS } from "./peer-messages.js";

/** What a response may have, in bytes; the other side makes them a quarter of it. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A machine that is gone is known to be within twice this, in milliseconds. */
const PING_MS = 5000;

/** What a call is made with. */
export interface PeerCallTerms {
  readonly address: HostPort;
  /** That of the service, with messages as canonical JSON. */
  readonly definition: ServiceDefinition;
  /** What this control plane shows, and whom it trusts. */
  readonly tls: TlsSource;
}

/** Begins the call; the result ends it. */
export function callPeer(
  { address: { host, port }, definition, tls }: PeerCallTerms,
  listener: PeerCallListener,
): () => void {
  const method = definition[FOLLOW_REGISTRATIONS];
  if (method === undefined) {
    throw new TypeError(`the definition has no method ${FOLLOW_REGISTRATIONS}`);
  }
  const { ca = [], cert, key } = tls.context();
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  const keepAlive = { everyMs: PING_MS, timeoutMs: PING_MS - 1 };
  const client = new GrpcClient({ host, port, tls: { ca, ...own } }, MAX_MESSAGE_BYTES, keepAlive);
  const call = client.begin(
    method.path,
    {},
    {
      onMessage: (bytes) => {
        let message: FollowRegistrationsResponseJson;
        try {
          message = method.responseDeserialize(bytes) as FollowRegistrationsResponseJson;
        } catch {
          call.cancel();
          return;
        }
        listener.onMessage(message);
      },
      onEnd: (refusal) => {
        client.close();
        listener.onEnd(refusal && explained(refusal, host));
      },
    },
  );
  call.write(method.requestSerialize({}));
  call.halfClose();
  return () => {
    client.close();
  };
}

/** With what can be done about it, where that is known. */
function explained(refusal: CallRefused, host: string): CallRefused {
  const { cause } = refusal;
  const hint = HINTS.get(cause instanceof Error && "code" in cause ? cause.code : undefined);
  if (hint !== undefined) {
    return new CallRefused(refusal.code, `${refusal.message}: ${hint(host)}`, { cause });
  }
  return refusal.code === status.UNIMPLEMENTED
    ? new CallRefused(refusal.code, "its fairlead is too old to be followed", { cause })
    : refusal;
}

const OTHER_AUTHORITY = (): string =>
  "it is of another authority: give both control planes the files of one with --cacerts";

const HINTS: ReadonlyMap<unknown, (host: string) => string> = new Map<
  string,
  (host: string) => string
>([
  ["ERR_TLS_CERT_ALTNAME_INVALID", (host) => `have it started with --tls-name ${host}`],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", OTHER_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", OTHER_AUTHORITY],
  ["SELF_SIGNED_CERT_IN_CHAIN", OTHER_AUTHORITY],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", OTHER_AUTHORITY],
]);
