/**
 * How a client is let in. Its first request waits for its turn (see turns.ts), then the application opens a session for it; both has
 * to be done in time. Until then nothing else of the stream is read.
 */
import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import { CallRefused } from "../../grpc/call-refused.js";
import type { Caller } from "../../grpc/caller.js";
import { status } from "../../grpc/status-code.js";
import type { Protocol, Session } from "../session.js";
import type { Incoming } from "./dialect.js";
import type { StreamHost } from "./stream-host.js";

/** Ends a stream with a reason. */
export type Refuse = (reason: CallRefused) => void;

/** A first request that waits for its turn. */
interface Knock {
  readonly first: Incoming;
  readonly bytes: number;
}

/** See the top of this file. It begins when the stream does. */
export class Entry {
  readonly #host: Pick<StreamHost, "clock" | "limits" | "waitingRoom">;
  readonly #refuse: Refuse;
  #knock: Knock | undefined;
  #hasKnocked = false;
  #stopDeadline: () => void;

  constructor(host: Pick<StreamHost, "clock" | "limits" | "waitingRoom">, refuse: Refuse) {
    this.#host = host;
    this.#refuse = refuse;
    this.#stopDeadline = this.#deadline("no request came");
  }

  /**
   * Has a first request of so many bytes wait for its turn; false if it is not the first.
   * @throws CallRefused when too many wait
   */
  knock(first: Incoming, bytes: number): boolean {
    if (this.#hasKnocked) return false;
    if (!this.#host.waitingRoom.enter(bytes)) {
      throw new CallRefused(status.RESOURCE_EXHAUSTED, "too many streams wait to be let in");
    }
    this.#stopDeadline();
    this.#hasKnocked = true;
    this.#knock = { first, bytes };
    return true;
  }

  /** The first request, whose turn it is; undefined if none waits. */
  takeTurn(): Incoming | undefined {
    const first = this.#leaveWaitingRoom();
    if (first !== undefined) this.#stopDeadline = this.#deadline("it was not let in");
    return first;
  }

  /** The client was let in, or is gone. */
  close(): void {
    this.#stopDeadline();
    this.#leaveWaitingRoom();
  }

  #leaveWaitingRoom(): Incoming | undefined {
    const knock = this.#knock;
    if (knock === undefined) return undefined;
    this.#host.waitingRoom.leave(knock.bytes);
    this.#knock = undefined;
    return knock.first;
  }

  /** Ends the stream if it takes too long; the result calls that off. */
  #deadline(what: string): () => void {
    const { clock, limits } = this.#host;
    return clock.after(limits.firstRequestMs, () => {
      const reason = `${what} within ${limits.firstRequestMs / 1000} s`;
      this.#refuse(new CallRefused(status.DEADLINE_EXCEEDED, reason));
    });
  }
}

/** Who wants to be let in, and how its stream is ended. */
export interface Newcomer {
  readonly peer: Caller;
  readonly protocol: Protocol;
  readonly refuse: Refuse;
}

/**
 * Opens the session of the client that sent a first request.
 * @throws CallRefused when it is not let in, or does not say who it is
 */
export async function openSession(
  { node: encoded }: Incoming,
  { peer, protocol, refuse }: Newcomer,
  { sessions, decodeNode }: Pick<StreamHost, "sessions" | "decodeNode">,
): Promise<Session> {
  const node: Node | undefined = encoded === undefined ? undefined : decodeNode(encoded);
  if (node === undefined || node.id === "") {
    throw new CallRefused(status.INVALID_ARGUMENT, "missing node information");
  }
  return sessions.open({ node, protocol, peer, refuse });
}
