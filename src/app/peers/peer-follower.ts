/** Follows another control plane: asks what is registered there, and asks again when that ends. */
import type { FollowRegistrationsResponseJson } from "../../../gen/types/fairlead/peer/v1/peer_pb.js";
import type { Clock } from "../../base/clock.js";
import type { CallRefused } from "../../grpc/call-refused.js";
import { type PeerControlPlane, readTold, type ToldRegistrations } from "./peer-messages.js";
import type { PeerRegistrations } from "./peer-registrations.js";

/** A call that was begun; told of its end once, and of nothing after it. */
export interface PeerCallListener {
  readonly onMessage: (message: FollowRegistrationsResponseJson) => void;
  readonly onEnd: (refusal: CallRefused | undefined) => void;
}

/** How following another control plane goes. */
export interface FollowingStatus {
  /** All that is registered there is known. */
  readonly isFollowing: boolean;
  /** Since when that is so, in milliseconds since 1970. */
  readonly since: number;
  /** The one that answered last. */
  readonly controlPlane?: PeerControlPlane;
  /** SHA-256 of the roots that its proxies trust, as it told last; none before. */
  readonly trustedRoots: readonly string[];
  /** Why it is not followed, once that was tried. */
  readonly problem?: string;
}

/** Options of a follower. */
export interface PeerFollowerOptions {
  /** Begins a call; the result ends it. */
  readonly call: (listener: PeerCallListener) => () => void;
  readonly registrations: Pick<PeerRegistrations, "begin" | "take" | "lose">;
  /** The start of this control plane. */
  readonly ownStart: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told of each other status. */
  readonly onStatus: (status: FollowingStatus) => void;
  /** Told how many registrations were left out of what it told. */
  readonly onUnread: (count: number) => void;
}

/** From the start of a call until all is told that there was, in milliseconds. */
const COMPLETE_MS = 15_000;
const RETRY_FIRST_MS = 200;
/** A control plane that is back is to be heard soon: what registers there is called by nobody here before. */
const RETRY_MOST_MS = 5000;

/** How long to wait after it failed for the n-th time in a row, from 1: longer each time, and up to twice that by chance. */
function retryMs(failures: number, random: number): number {
  return Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (failures - 1)) * (1 + random);
}

/** See the top of this file. */
export class PeerFollower {
  /** Resolves when all is known that is registered there, or it is known that there is no answer now. */
  readonly settled: Promise<void>;
  readonly #options: PeerFollowerOptions;
  #settle = (): void => undefined;
  #status: FollowingStatus;
  #failures = 0;
  #isClosed = false;
  /** Ends what goes on: a call, or the wait for the next. */
  #stop = (): void => undefined;

  /** Begins at once. */
  constructor(options: PeerFollowerOptions) {
    this.#options = options;
    this.#status = { isFollowing: false, since: options.clock.now(), trustedRoots: [] };
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#begin();
  }

  /** How it goes now. */
  get status(): FollowingStatus {
    return this.#status;
  }

  /** Nobody is asked any more. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #begin(): void {
    const { clock, call } = this.#options;
    let isOver = false;
    let endCall = (): void => undefined;
    const cancelDeadline = clock.after(COMPLETE_MS, () => {
      fail(`no answer within ${COMPLETE_MS / 1000} s`);
    });
    const end = (): void => {
      isOver = true;
      cancelDeadline();
      endCall();
    };
    const fail = (problem: string): void => {
      if (isOver) return;
      end();
      this.#failed(problem);
    };
    this.#stop = end;
    endCall = call({
      onMessage: (message) => {
        if (isOver) return;
        const problem = this.#take(readTold(message), cancelDeadline);
        if (problem !== undefined) fail(problem);
      },
      onEnd: (refusal) => {
        fail(refusal?.message ?? "it has ended the call");
      },
    });
  }

  /** Takes what is told; the result is why that cannot be, if it cannot. */
  #take(told: ToldRegistrations, completed: () => void): string | undefined {
    const { registrations, ownStart, onUnread } = this.#options;
    const { controlPlane } = told;
    if (controlPlane !== undefined) {
      if (controlPlane.start === ownStart) return "it is this control plane itself";
      registrations.begin(controlPlane.start);
      this.#status = { ...this.#status, controlPlane };
    }
    const { trustedRoots } = told;
    if (trustedRoots !== undefined) this.#status = { ...this.#status, trustedRoots };
    if (told.unread > 0) onUnread(told.unread);
    if (!registrations.take(told)) {
      return "it tells of more workloads than a control plane can have";
    }
    if (told.isComplete) {
      completed();
      this.#failures = 0;
      this.#set(true);
      this.#settle();
    }
    return undefined;
  }

  #failed(problem: string): void {
    const { registrations, clock, random } = this.#options;
    this.#failures += 1;
    registrations.lose();
    this.#set(false, problem);
    this.#settle();
    if (this.#isClosed) return;
    const cancel = clock.after(retryMs(this.#failures, random()), () => {
      this.#begin();
    });
    this.#stop = () => {
      cancel();
    };
  }

  #set(isFollowing: boolean, problem?: string): void {
    const { since, controlPlane, trustedRoots, ...before } = this.#status;
    this.#status = {
      isFollowing,
      trustedRoots,
      since: before.isFollowing === isFollowing ? since : this.#options.clock.now(),
      ...(controlPlane && { controlPlane }),
      ...(problem === undefined ? {} : { problem }),
    };
    this.#options.onStatus(this.#status);
  }
}
