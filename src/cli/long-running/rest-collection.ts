/**
 * Looks through the whole heap when a control plane comes to rest: after its start, and when all proxies have left.
 *
 * V8 does that when the heap has grown by a share (see v8-flags.ts), which is mostly in the midst of work: one that falls into ten
 * edits makes each of them dearer by half, and a fleet that comes back takes a third more CPU. What a start or a fleet left
 * behind can be taken away before, while nobody waits.
 */

/** What is looked at, and what is done. */
export interface RestCollectionOptions {
  /** Whether nobody waits, and nothing is made that somebody will ask for. */
  readonly isAtRest: () => boolean;
  /** Looks through the heap; nothing else is done meanwhile, for some 0.1 s for each 100 MiB. */
  readonly collect: () => void;
}

/** A look is to be taken after each so many milliseconds. */
export const LOOK_MS = 500;

/** So many looks have to find it at rest: who loses its connection is mostly back before. */
const LOOKS = 2;

/** What takes a look; it is to be called every LOOK_MS. */
export function createRestCollection({ isAtRest, collect }: RestCollectionOptions): () => void {
  let hasWorked = true;
  let looks = 0;
  return () => {
    const rests = isAtRest();
    hasWorked ||= !rests;
    looks = hasWorked && rests ? looks + 1 : 0;
    if (looks < LOOKS) return;
    [hasWorked, looks] = [false, 0];
    collect();
  };
}
