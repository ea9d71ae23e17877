/** Lets an authority take the steps of a rotation, and tells everyone of them. */
import { isDeepStrictEqual } from "node:util";
import type { Authority } from "../ca/authority.js";
import type { Readiness } from "../ca/rotation.js";
import { type RotationStatus, rotationStatus } from "../ca/rotation-status.js";
import type { Timers } from "../ca/timers.js";
import { repeat } from "./repeat.js";

/** What a rotation needs of the rest. */
export interface RootRotationOptions {
  readonly authority: Pick<Authority, "roots" | "advance" | "status">;
  readonly readiness: () => Readiness;
  /** Told whenever the roots are others than before. */
  readonly onRoots: (roots: readonly string[]) => void;
  /** Told whenever the status is another one than before, and at the start. */
  readonly onStatus: (status: RotationStatus) => Promise<void>;
  /** Told what is wrong, once until it changes; it is tried again. */
  readonly onError: (error: unknown) => void;
  readonly timers: Timers;
}

/** How often the files of the authority are looked at, in milliseconds. */
const STEP_MS = 1000;

/** Looks at once and then again and again. The result ends that; it resolves when the step that was being taken is over. */
export function startRootRotation(options: RootRotationOptions): () => Promise<void> {
  const { authority, readiness, timers } = options;
  let lastRoots = authority.roots;
  let lastStatus: RotationStatus | undefined;

  const step = async (): Promise<void> => {
    await authority.advance(readiness);
    if (!isDeepStrictEqual(authority.roots, lastRoots)) {
      lastRoots = authority.roots;
      options.onRoots(lastRoots);
    }
    const status = rotationStatus(authority.status(), readiness);
    if (isDeepStrictEqual(status, lastStatus)) return;
    await options.onStatus(status);
    lastStatus = status;
  };
  return repeat({ step, everyMs: STEP_MS, onError: options.onError, timers });
}
