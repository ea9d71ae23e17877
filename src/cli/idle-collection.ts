/**
 * Looks through the whole heap while there is nothing else to do.
 *
 * V8 does that when the heap has grown by a share (see v8-flags.ts), which is in the midst of work: an edit, or a fleet that
 * comes back, takes a fifth of a second of CPU more then. So it is done before, when the control plane has rested for a second
 * and there is something to be found.
 */
/** What is looked at, and what is done. */
export interface IdleCollectionOptions {
  /** The share of the time since it was asked last in which there was something to do, from 0 to 1. */
  readonly utilization: () => number;
  /** In bytes. */
  readonly heapUsed: () => number;
  /** Looks through the heap; nothing else is done meanwhile. */
  readonly collect: () => void;
}

/** A look is to be taken after each so many milliseconds. */
export const LOOK_MS = 100;
/** It rests when there is less to do than this share of the time. */
const RESTING = 0.05;
/** So many looks find it at rest before the heap is looked through. */
const LOOKS = 10;
/** By so much the heap has grown since it was looked through last: else there is not enough to be found. */
const GROWTH = 1.2;
/** Nothing is answered while the heap is looked through, 0.1 s for 100 MiB: larger ones are left to V8, which does it in pieces. */
const MAX_BYTES = 256 * 1024 * 1024;

/** What takes a look; it is to be called every LOOK_MS. */
export function createIdleCollection({
  utilization,
  heapUsed,
  collect,
}: IdleCollectionOptions): () => void {
  let rested = 0;
  let left = 0;
  return () => {
    rested = utilization() < RESTING ? rested + 1 : 0;
    if (rested < LOOKS) return;
    const used = heapUsed();
    // V8 may have found more meanwhile.
    left = Math.min(left, used);
    if (used < left * GROWTH || used > MAX_BYTES) return;
    collect();
    rested = 0;
    left = heapUsed();
  };
}
