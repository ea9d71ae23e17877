/** One stream of the health discovery service: a client asks once what to check, and then reports again and again. */

import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import type { Clock } from "../../base/clock.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { messageOf } from "../../grpc/message.js";
import type { CallListener, ServerCall } from "../../grpc/server-call.js";
import { OK } from "../../grpc/status.js";
import { status } from "../../grpc/status-code.js";
import { type Allowance, createAllowance, type Limits } from "../limits.js";
import { refusalFor } from "../stream/refusal.js";
import type { EndpointHealth, HealthSession, HealthSessions } from "./health-session.js";

/** What a client sends: first who it is, then reports. */
export type HealthMessage =
  | { readonly kind: "request"; readonly node: Node | undefined }
  | { readonly kind: "report"; readonly endpoints: readonly EndpointHealth[] };

/** What all streams of a server share. */
export interface HealthStreamHost {
  readonly sessions: HealthSessions;
  /** Reads a message; throws a DecodeError. */
  readonly decode: (bytes: Uint8Array) => HealthMessage;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Told of a fault of ours. */
  readonly onError: (error: unknown) => void;
  /** The call of a stream is gone. */
  readonly closed: () => void;
}

/**
 * Of a message, in bytes: it has a node, or the health of the few endpoints that a client is told of. Read, it may
 * take sixty times the memory, and the first one comes from anybody.
 */
const MAX_MESSAGE_BYTES = 256 * 1024;

/** See the top of this file. */
export class HealthStream implements CallListener {
  readonly #call: ServerCall;
  readonly #host: HealthStreamHost;
  readonly #allow: Allowance;
  readonly #stopDeadline: () => void;
  #session: HealthSession | undefined;
  #hasAsked = false;
  #hasEnded = false;
  /** What the client was told last. */
  #told: Buffer | undefined;
  /** The connection has not taken that yet. */
  #isTelling = false;

  constructor(call: ServerCall, host: HealthStreamHost) {
    this.#call = call;
    this.#host = host;
    this.#allow = createAllowance(host.limits, host.clock);
    const { firstRequestMs } = host.limits;
    this.#stopDeadline = host.clock.after(firstRequestMs, () => {
      const reason = `no client was let in within ${firstRequestMs / 1000} s`;
      this.#refuse(new CallRefused(status.DEADLINE_EXCEEDED, reason));
    });
  }

  onMessage(bytes: Buffer): void {
    if (this.#hasEnded) return;
    try {
      if (!this.#allow(bytes.length)) {
        throw new CallRefused(status.RESOURCE_EXHAUSTED, "too many requests");
      }
      if (bytes.length > MAX_MESSAGE_BYTES) {
        const reason = `a message of ${bytes.length} bytes; at most ${MAX_MESSAGE_BYTES} are read`;
        throw new CallRefused(status.RESOURCE_EXHAUSTED, reason);
      }
      this.#take(this.#host.decode(bytes));
    } catch (error) {
      this.#fail(error);
    }
  }

  onHalfClosed(): void {
    this.#end();
    this.#call.end(OK);
  }

  onClosed(): void {
    this.#end();
    this.#host.closed();
  }

  #take(message: HealthMessage): void {
    if (this.#session !== undefined) {
      if (message.kind === "report") this.#session.reported(message.endpoints);
    } else if (!this.#hasAsked) {
      this.#hasAsked = true;
      this.#call.pause();
      void this.#letIn(message);
    }
  }

  async #letIn(message: HealthMessage): Promise<void> {
    try {
      const node = message.kind === "request" ? message.node : undefined;
      if (node === undefined || node.id === "") {
        throw new CallRefused(status.INVALID_ARGUMENT, "missing node information");
      }
      const session = await this.#host.sessions.open({
        node,
        peer: this.#call.caller,
        refuse: (reason) => {
          this.#refuse(reason);
        },
        onChange: () => {
          this.#advance();
        },
      });
      if (this.#hasEnded) {
        session.closed();
        return;
      }
      this.#stopDeadline();
      this.#session = session;
      this.#advance();
      this.#call.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Tells the client what to check, if that is something else than it was told last. One that does not read is told no more
   * until it does, so that it costs one message.
   */
  #advance(): void {
    if (this.#hasEnded || this.#isTelling) return;
    try {
      const checks = this.#session?.checks();
      if (checks === undefined || this.#told?.equals(checks) === true) return;
      this.#told = checks;
      this.#isTelling = true;
      this.#call.write(messageOf([checks]), () => {
        this.#isTelling = false;
        this.#advance();
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the stream for an error; what is not meant for the client is kept from it. */
  #fail(error: unknown): void {
    this.#refuse(refusalFor(error, this.#host.onError));
  }

  #refuse({ code, message }: CallRefused): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#call.end({ code, details: message });
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopDeadline();
    this.#session?.closed();
  }
}
