import { describe, expect, it } from "vitest";
import { createDebounce } from "../../../../src/config/sources/debounce.js";
import { createManualTimers } from "../manual-timers.js";

const WAITS = { quietMs: 15, mostMs: 200 };

describe("a debounce", () => {
  it("runs once when nothing has happened for a while", () => {
    const timers = createManualTimers();
    let runs = 0;
    const debounce = createDebounce(WAITS, timers, () => runs++);
    debounce.poke();
    timers.pass(10);
    debounce.poke();
    timers.pass(14);
    expect(runs).toBe(0);
    timers.pass(1);
    expect(runs).toBe(1);
    timers.pass(1000);
    expect(runs).toBe(1);
  });

  it("runs when things have gone on happening for long enough", () => {
    const timers = createManualTimers();
    let runs = 0;
    const debounce = createDebounce(WAITS, timers, () => runs++);
    for (let ms = 0; ms < 400; ms += 10) {
      debounce.poke();
      timers.pass(10);
    }
    expect(runs).toBe(2);
  });

  it("does not run when it is cancelled", () => {
    const timers = createManualTimers();
    let runs = 0;
    const debounce = createDebounce(WAITS, timers, () => runs++);
    debounce.poke();
    debounce.cancel();
    timers.pass(1000);
    expect(runs).toBe(0);
  });
});
