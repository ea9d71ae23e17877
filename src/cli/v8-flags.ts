import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createDesertedCollection, LOOK_MS } from "./deserted-collection.js";

/**
 * How much of what a function calls V8 compiles into it, in bytes; 920 is its own default. Most functions of a control plane run
 * some thousand times, not millions: a third of the CPU of a start, and of the edits after it, was V8's optimizing compiler.
 */
const MAX_INLINED_BYTECODE = 50;

/**
 * By how much the heap of a control plane grows, in percent, before V8 looks through all of it. Left to itself V8 goes by how
 * busy the process is: one that is mostly idle is given little, so that its heap was looked through every few seconds while it
 * made edits, for up to half a second of CPU, though most of it stays; while one that starts is given much, which it keeps.
 * That is right for commands, which end soon.
 */
const HEAP_GROWING_PERCENT = 80;

/**
 * Has V8 work as is right for a control plane. From then on it takes no code that was compiled before, such as that of Node's own
 * modules, so it is called when most of that is loaded.
 */
export function runAsControlPlane(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${String(MAX_INLINED_BYTECODE)}`);
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT)}`);
}

/**
 * Has the young generation looked through by one thread. Of what an edit makes little is left after it, and to wake other threads
 * for that costs more CPU than they take off the first. At a start much is left, so it is called when that is over.
 */
export function collectAlone(): void {
  setFlagsFromString("--no-parallel-scavenge");
}

/** Has the heap looked through when all proxies have left, until the result is called. */
export function collectWhenDeserted(connected: () => number): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  const look = createDesertedCollection({
    connected,
    collect: () => {
      collect();
    },
  });
  const timer = setInterval(look, LOOK_MS).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Takes back all of that, so that what V8 compiled is as it takes it in a process that begins. */
export function runByDefault(): void {
  setFlagsFromString("--max-inlined-bytecode-size-cumulative=920");
  setFlagsFromString("--heap-growing-percent=0");
  setFlagsFromString("--parallel-scavenge");
}
