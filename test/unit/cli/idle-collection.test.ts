import { describe, expect, it } from "vitest";
import { createIdleCollection, LOOK_MS } from "../../../src/cli/idle-collection.js";

const MIB = 1024 * 1024;

/** A process with a heap, of which a collection leaves 100 MiB. */
function process(): (busy: readonly number[], heap: number) => boolean {
  let load = 0;
  let used = 0;
  let collections = 0;
  const take = createIdleCollection({
    utilization: () => load,
    heapUsed: () => used,
    collect: () => {
      collections += 1;
      used = 100 * MIB;
    },
  });
  return (busy, heap) => {
    const before = collections;
    used = heap * MIB;
    for (const one of busy) {
      load = one;
      take();
    }
    return collections > before;
  };
}

const tenths = (count: number, busy = 0): readonly number[] => Array<number>(count).fill(busy);

/** What a second of rest takes. */
const SECOND = tenths(1000 / LOOK_MS);

describe("the heap of a control plane", () => {
  it("is looked through once it has rested for a second", () => {
    const isCollected = process();
    expect(isCollected(SECOND.slice(1), 120)).toBe(false);
    expect(isCollected(tenths(1), 120)).toBe(true);
  });

  it("is left alone while there is something to do in each second", () => {
    const busy = [...tenths(9), 0.1, ...tenths(9), 0.1, ...tenths(9)];
    expect(process()(busy, 120)).toBe(false);
  });

  it("is looked through again when it has grown by a fifth", () => {
    const isCollected = process();
    isCollected(SECOND, 120);
    const small = [105, 110, 119].map((heap) => isCollected(SECOND, heap));
    expect(small).not.toContain(true);
    expect(isCollected(SECOND, 121)).toBe(true);
  });

  it("counts as grown from what V8 has left of it meanwhile", () => {
    const isCollected = process();
    isCollected(SECOND, 120);
    isCollected(SECOND, 90);
    expect(isCollected(SECOND, 109)).toBe(true);
  });

  it("is left to V8 where nothing would be answered for long", () => {
    expect(process()(tenths(50), 300)).toBe(false);
  });
});
