/** The streams that were opened by a proof: each lasts no longer than that holds. */

import type { Clock } from "../../base/clock.js";
import type { Proof as AnyProof } from "../../ca/caller/proof.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";

type Proof = Pick<AnyProof, "method" | "evidence" | "expiresAt">;

/** See the top of this file. */
export interface ProvedStreams {
  /** Watches over a stream, which `refuse` ends; the result says that it has ended by itself. */
  readonly add: (proof: Proof, refuse: (reason: CallRefused) => void) => () => void;
  /** Ends the streams that were opened by certificates of such serial numbers. */
  readonly endRevoked: (revoked: (serialNumber: string) => boolean) => void;
}

const REVOKED = new CallRefused(
  status.UNAUTHENTICATED,
  "the certificate by which this stream was opened is revoked: make a join token with 'fairlead token create' and give it to the proxy's bootstrap",
);

const expired = ({ method }: Proof): CallRefused =>
  new CallRefused(
    status.UNAUTHENTICATED,
    `the ${method} by which this stream was opened has expired: connect again`,
  );

/**
 * Of a proof that ended long before that was seen, as on a machine that slept or whose clock was set forward, so has the certificate
 * of the proxy. It is renewed now, and within this time, in milliseconds, the proxy has the new one; by the old one it could not
 * come back.
 */
const GRACE_MS = 120_000;
/** So much later than it is due it is seen that a proof has ended, when nothing of that has happened. */
const USUAL_MS = 10_000;

/** None yet. A proxy whose stream ends by it comes back by its newer certificate. */
export function createProvedStreams(clock: Pick<Clock, "at" | "now">): ProvedStreams {
  const streams = new Map<object, readonly [Proof, (reason: CallRefused) => void]>();
  return {
    add: (proof, refuse) => {
      const stream = {};
      streams.set(stream, [proof, refuse]);
      const end = (): void => {
        refuse(expired(proof));
      };
      let cancel = clock.at(proof.expiresAt, () => {
        const now = clock.now();
        if (now - proof.expiresAt < USUAL_MS) end();
        else cancel = clock.at(now + GRACE_MS, end);
      });
      return () => {
        cancel();
        streams.delete(stream);
      };
    },
    endRevoked: (revoked) => {
      for (const [{ method, evidence }, refuse] of [...streams.values()]) {
        if (method === "certificate" && revoked(evidence)) refuse(REVOKED);
      }
    },
  };
}
