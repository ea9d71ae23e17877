import { setFlagsFromString } from "node:v8";

/**
 * By how much the heap of a control plane grows, in percent, before V8 looks through all of it. Left to itself V8 goes by how
 * busy the process is: one that is mostly idle is given little, so that its heap was looked through every few seconds while it
 * made edits, for up to half a second of CPU, though most of it stays; while one that starts is given much, which it keeps.
 * That is right for commands, which end soon.
 */
const HEAP_GROWING_PERCENT = 80;

/** Has the heap of this process grow as is right for a control plane. */
export function growHeapSteadily(): void {
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT)}`);
}

/**
 * Has the young generation looked through by one thread. Of what an edit makes little is left after it, and to wake other threads
 * for that costs more CPU than they take off the first. At a start much is left, so it is called when that is over.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}
