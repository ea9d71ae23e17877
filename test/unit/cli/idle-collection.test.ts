import { describe, expect, it } from "vitest";
import { createIdleCollection } from "../../../src/cli/idle-collection.js";

const MIB = 1024 * 1024;

/** A process with a heap, of which a collection leaves some. */
function process(): {
  readonly look: (state: { readonly busy?: number; readonly heap: number }) => boolean;
} {
  let [busy, heap, collected] = [0, 0, false];
  const take = createIdleCollection({
    utilization: () => busy,
    heapUsed: () => heap,
    collect: () => {
      collected = true;
      heap = 100 * MIB;
    },
  });
  return {
    look: (state) => {
      [busy, heap, collected] = [state.busy ?? 0, state.heap * MIB, false];
      take();
      return collected;
    },
  };
}

describe("the heap of a control plane", () => {
  it("is looked through once it has rested for a second", () => {
    const { look } = process();
    expect(look({ heap: 120 })).toBe(false);
    expect(look({ heap: 120 })).toBe(true);
  });

  it("is left alone while there is something to do in each second", () => {
    const { look } = process();
    const looks = [0, 0.1, 0, 0.1, 0, 0.1].map((busy) => look({ busy, heap: 120 }));
    expect(looks).not.toContain(true);
  });

  it("is looked through again when it has grown by a fifth", () => {
    const { look } = process();
    look({ heap: 120 });
    look({ heap: 120 });
    const small = [110, 115, 119].map((heap) => look({ heap }));
    expect(small).not.toContain(true);
    expect(look({ heap: 121 })).toBe(true);
  });

  it("counts as grown from what V8 has left of it meanwhile", () => {
    const { look } = process();
    look({ heap: 120 });
    look({ heap: 120 });
    look({ heap: 90 });
    look({ heap: 90 });
    expect(look({ heap: 109 })).toBe(true);
  });

  it("is left to V8 where nothing would be answered for long", () => {
    const { look } = process();
    const looks = [300, 300, 300, 300].map((heap) => look({ heap }));
    expect(looks).not.toContain(true);
  });
});
