import { describe, expect, it } from "vitest";
import { createDesertedCollection } from "../../../../src/cli/long-running/deserted-collection.js";

/** How often the heap was looked through while so many proxies were connected, one look after the other. */
function collections(connected: readonly number[]): number {
  let now = 0;
  let count = 0;
  const look = createDesertedCollection({
    connected: () => now,
    collect: () => {
      count += 1;
    },
  });
  for (const one of connected) {
    now = one;
    look();
  }
  return count;
}

describe("the heap of a control plane", () => {
  it("is looked through once when all proxies have left", () => {
    expect(collections([200, 0])).toBe(0);
    expect(collections([200, 0, 0])).toBe(1);
    expect(collections([200, 0, 0, 0, 0, 0, 0, 0])).toBe(1);
  });

  it("is looked through again when others have come and left", () => {
    expect(collections([200, 0, 0, 0, 1, 0, 0, 0])).toBe(2);
  });

  it("is left alone while any proxy is connected, and where one comes back soon", () => {
    expect(collections([200, 1, 1, 1, 1, 1])).toBe(0);
    expect(collections([1, 0, 1, 0, 1])).toBe(0);
  });

  it("is left alone before any proxy has come", () => {
    expect(collections([0, 0, 0, 0, 0])).toBe(0);
  });
});
