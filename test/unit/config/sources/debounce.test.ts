import { describe, expect, it } from "vitest";
import { createDebounce } from "../../../../src/config/sources/debounce.js";
import { fakeClock } from "../../base/fake-clock.js";

const WAITS = { quietMs: 15, aloneMs: 3, mostMs: 200 };

describe("a debounce", () => {
  it("runs once when nothing has happened for a while", () => {
    const clock = fakeClock();
    let runs = 0;
    const debounce = createDebounce(WAITS, clock, () => runs++);
    debounce.poke();
    clock.pass(10);
    debounce.poke();
    clock.pass(14);
    expect(runs).toBe(0);
    clock.pass(1);
    expect(runs).toBe(1);
    clock.pass(1000);
    expect(runs).toBe(1);
  });

  it("runs when things have gone on happening for long enough", () => {
    const clock = fakeClock();
    let runs = 0;
    const debounce = createDebounce(WAITS, clock, () => runs++);
    for (let ms = 0; ms < 400; ms += 10) {
      debounce.poke();
      clock.pass(10);
    }
    expect(runs).toBe(2);
  });

  it.each([
    { what: "one thing that is complete", pokes: ["a"], waits: 3 },
    { what: "the same thing twice", pokes: ["a", "a"], waits: 3 },
    { what: "two things that are complete", pokes: ["a", "b"], waits: 15 },
    { what: "a third thing, which is the second", pokes: ["a", "b", "b"], waits: 15 },
    { what: "something after it that is not", pokes: ["a", undefined], waits: 15 },
    { what: "something before it that is not", pokes: [undefined, "a"], waits: 15 },
  ])("waits $waits ms after $what", ({ pokes, waits }) => {
    const clock = fakeClock();
    let runs = 0;
    const debounce = createDebounce(WAITS, clock, () => runs++);
    for (const complete of pokes) debounce.poke(complete);
    clock.pass(waits - 1);
    expect(runs).toBe(0);
    clock.pass(1);
    expect(runs).toBe(1);
  });

  it("waits as little again after it has run", () => {
    const clock = fakeClock();
    let runs = 0;
    const debounce = createDebounce(WAITS, clock, () => runs++);
    for (const complete of ["a", "b", "c"]) {
      debounce.poke(complete);
      clock.pass(3);
      expect(debounce.isWaiting()).toBe(false);
    }
    expect(runs).toBe(3);
  });

  it("does not run when it is cancelled", () => {
    const clock = fakeClock();
    let runs = 0;
    const debounce = createDebounce(WAITS, clock, () => runs++);
    debounce.poke();
    debounce.cancel();
    clock.pass(1000);
    expect(runs).toBe(0);
  });
});
