import fc from "fast-check";
import { expect, test } from "vitest";
import { assignSlots, podAddresses, standInAddress } from "../../../../src/up/pods/addresses.js";

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 200 });

test("gives no two pods the same addresses", () => {
  fc.assert(
    fc.property(names, names, (before, now) => {
      const earlier = assignSlots(before, new Map(), "seed");
      const slots = assignSlots(now, earlier, "seed");
      const addresses = now.map((name) => podAddresses(slots.get(name)!).pod);
      expect(new Set(addresses).size).toBe(now.length);
    }),
  );
});

test("finds another slot for a name whose slot is taken", () => {
  // So many that some of them prefer the same slot.
  const many = Array.from({ length: 3000 }, (_, i) => `pod-${i}`);
  expect(new Set(assignSlots(many, new Map(), "seed").values()).size).toBe(many.length);
});

test("leaves the addresses of those that stay", () => {
  fc.assert(
    fc.property(names, names, (before, added) => {
      const earlier = assignSlots(before, new Map(), "seed");
      const slots = assignSlots([...new Set([...added, ...before])], earlier, "seed");
      expect(before.map((name) => slots.get(name))).toEqual(before.map((n) => earlier.get(n)));
    }),
  );
});

test("gives a pod the addresses that its name stands for, in whatever company", () => {
  const alone = assignSlots(["payments-v1-0.default"], new Map(), "seed");
  const crowd = assignSlots(["a", "b", "payments-v1-0.default"], new Map(), "seed");
  expect(crowd.get("payments-v1-0.default")).toBe(alone.get("payments-v1-0.default"));
});

test("keeps two meshes apart by their seeds", () => {
  const slot = (seed: string): number | undefined => assignSlots(["a"], new Map(), seed).get("a");
  expect(slot("one")).not.toBe(slot("two"));
});

test("keeps two meshes apart for certain by shares that differ, however many pods they have", () => {
  const many = Array.from({ length: 30_000 }, (_, i) => `pod-${i}`);
  const slots = [0, 1].flatMap((index) => [
    ...assignSlots(many, new Map(), "seed", { index, of: 2 }).values(),
  ]);
  expect(new Set(slots).size).toBe(60_000);
  expect(slots.every((slot) => slot >= 0 && slot < 65_024)).toBe(true);
});

test("does not believe slots that cannot be", () => {
  const slots = assignSlots(
    ["a", "b", "c"],
    new Map([
      ["a", -1],
      ["b", 70_000],
      ["c", 7],
    ]),
    "seed",
  );
  expect(slots.get("c")).toBe(7);
  expect([...slots.values()].every((slot) => slot >= 0 && slot < 65_024)).toBe(true);
});

test("takes addresses that end neither in 0 nor in 255", () => {
  expect(podAddresses(0)).toEqual({ pod: "127.30.0.1", app: "127.31.0.1", egress: "127.32.0.1" });
  expect(podAddresses(253).pod).toBe("127.30.0.254");
  expect(podAddresses(254).pod).toBe("127.30.1.1");
  expect(standInAddress(65_023)).toBe("127.33.255.254");
});
