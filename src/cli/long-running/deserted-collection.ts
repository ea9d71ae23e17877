/**
 * Looks through the whole heap when all proxies have left.
 *
 * V8 does that when the heap has grown by a share (see v8-flags.ts), which is mostly in the midst of work: a fleet that comes
 * back makes so much that it takes a third more CPU then. What it left behind can be taken away before, while nobody waits.
 */

/** What is looked at, and what is done. */
export interface DesertedCollectionOptions {
  /** How many proxies are connected. */
  readonly connected: () => number;
  /** Looks through the heap; nothing else is done meanwhile, for some 0.1 s for each 100 MiB. */
  readonly collect: () => void;
}

/** A look is to be taken after each so many milliseconds. */
export const LOOK_MS = 500;

/** So many looks have to find nobody: who loses its connection is mostly back before. */
const LOOKS = 2;

/** What takes a look; it is to be called every LOOK_MS. */
export function createDesertedCollection({
  connected,
  collect,
}: DesertedCollectionOptions): () => void {
  let isUsed = false;
  let looks = 0;
  return () => {
    const isDeserted = connected() === 0;
    isUsed ||= !isDeserted;
    looks = isUsed && isDeserted ? looks + 1 : 0;
    if (looks < LOOKS) return;
    [isUsed, looks] = [false, 0];
    collect();
  };
}
