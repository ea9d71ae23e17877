import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createRestCollection, LOOK_MS } from "./rest-collection.js";

/**
 * How much of what a function calls V8 compiles into it, in bytes; 920 is its own default. Most functions of a control plane run
 * some thousand times, not millions: a third of the CPU of a start, and of the edits after it, was V8's optimizing compiler.
 */
const MAX_INLINED_BYTECODE = 50;

/**
 * By how much the heap of a control plane grows, in percent, before V8 looks through all of it. Left to itself V8 goes by how
 * busy the process is: one that is mostly idle is given little, so that its heap was looked through every few seconds while it
 * made edits, for up to half a second of CPU, though most of it stays; while one that starts is given much, which it keeps.
 * That is right for commands, which end soon. One that serves has its heap looked through when it comes to rest, and then more
 * room, so that this is not done amid the first edits.
 */
const HEAP_GROWING_PERCENT = { starting: 80, serving: 100 };

/**
 * How often a function has used up V8's budget before its optimizing compiler takes it, 3 by default; and up to how many bytes it is
 * taken at the first time, 81 by default. Of what the first edits run most is warm and not hot, and what is compiled for it takes as
 * long as it saves in hundreds of edits.
 */
const TICKS_BEFORE_OPTIMIZATION = 10;
const EARLY_OPTIMIZED_BYTECODE = 0;

/** V8 goes by other rules from this version on, that of Node 22, which has a compiler in between. */
const V8_WITHOUT_TICKS = 12;

/**
 * Has V8 work as is right for a control plane. From then on it takes no code that was compiled before, such as that of Node's own
 * modules, so it is called when most of that is loaded.
 */
export function runAsControlPlane(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${String(MAX_INLINED_BYTECODE)}`);
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT.starting)}`);
}

/**
 * Has V8 work as is right for a control plane that serves: called when its start is over, in which much is computed at once.
 *
 * The young generation is looked through by one thread. Of what an edit makes little is left after it, and to wake other threads for
 * that costs more CPU than they take off the first. And less is optimized, later.
 */
export function runAsServing(): void {
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWING_PERCENT.serving)}`);
  setTicks(TICKS_BEFORE_OPTIMIZATION, EARLY_OPTIMIZED_BYTECODE);
}

function setTicks(ticks: number, earlyBytes: number): void {
  // Of a flag that it does not know V8 complains to the terminal.
  if (Number.parseInt(process.versions.v8, 10) >= V8_WITHOUT_TICKS) return;
  setFlagsFromString(`--ticks-before-optimization=${String(ticks)}`);
  setFlagsFromString(`--max-bytecode-size-for-early-opt=${String(earlyBytes)}`);
}

/** Has the heap looked through when the control plane has come to rest, until the result is called. */
export function collectAtRest(isAtRest: () => boolean): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  const look = createRestCollection({
    isAtRest,
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
  setTicks(3, 81);
}
