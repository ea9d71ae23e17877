import { beforeEach, describe, expect, it } from "vitest";
import { createTurns, type Turns, type TurnTaker } from "../../../src/xds/stream/turns.js";
import { fakeClock } from "../base/fake-clock.js";

let clock: ReturnType<typeof fakeClock>;
let served: string[];
let isFull: boolean;
let isChangeDue: boolean;
let quiet: number;
let turns: Turns;

beforeEach(() => {
  clock = fakeClock();
  served = [];
  isFull = false;
  isChangeDue = false;
  quiet = 0;
  turns = createTurns({
    clock,
    isFull: () => isFull,
    isChangeDue: () => isChangeDue,
    onQuiet: () => {
      quiet += 1;
    },
  });
});

/** A stream whose turn takes so long. */
function stream(name: string, isSettled: boolean, ms = 0): TurnTaker {
  return {
    isSettled,
    advance() {
      served.push(name);
      clock.pass(ms);
    },
  };
}

/** Lets one round of turns pass. */
const round = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe("streams that ask for a turn", () => {
  it("are served in the order in which they ask, each once", async () => {
    const [a, b] = [stream("a", true), stream("b", true)];
    for (const one of [a, b, a]) turns.add(one);
    await round();
    expect(served).toEqual(["a", "b"]);
  });

  it("let others have theirs after ten milliseconds", async () => {
    for (const name of ["a", "b", "c", "d"]) turns.add(stream(name, false, 6));
    await round();
    expect(served).toEqual(["a", "b"]);
    await round();
    expect(served).toEqual(["a", "b", "c", "d"]);
  });

  it("go before all new ones when they are settled", async () => {
    for (const name of ["n1", "n2", "n3"]) turns.add(stream(name, false, 20));
    await round();
    turns.add(stream("s1", true));
    turns.add(stream("s2", true));
    await round();
    expect(served).toEqual(["n1", "s1", "s2", "n2"]);
  });

  it("keep new ones waiting for a second at most", async () => {
    const settled = stream("s", true, 60);
    const busy: TurnTaker = {
      isSettled: true,
      advance() {
        settled.advance();
        turns.add(busy);
      },
    };
    turns.add(busy);
    turns.add(stream("n", false));
    for (let turn = 0; turn < 18; turn++) await round();
    expect(served.indexOf("n")).toBeGreaterThan(0);
    turns.drop(busy);
  });

  it("wait while too much is unread, when they are new", async () => {
    isFull = true;
    turns.add(stream("n", false));
    turns.add(stream("s", true));
    await round();
    await round();
    expect(served).toEqual(["s"]);
    isFull = false;
    turns.look();
    await round();
    expect(served).toEqual(["s", "n"]);
  });

  it("wait for a change that is about to come, when they are new, for a second at most", async () => {
    isChangeDue = true;
    turns.add(stream("n", false));
    clock.pass(5);
    expect(served).toEqual([]);
    isChangeDue = false;
    clock.pass(5);
    expect(served).toEqual(["n"]);
    isChangeDue = true;
    turns.add(stream("late", false));
    for (let look = 0; look < 210; look++) clock.pass(5);
    expect(served).toEqual(["n", "late"]);
    await round();
  });

  it("are gone when they are dropped", async () => {
    const gone = stream("gone", true);
    turns.add(gone);
    turns.drop(gone);
    await round();
    expect(served).toEqual([]);
  });

  it("leave a quiet behind that is noticed once", async () => {
    turns.add(stream("a", true));
    await round();
    clock.pass(1000);
    turns.add(stream("a", true));
    await round();
    clock.pass(1999);
    expect(quiet).toBe(0);
    clock.pass(1);
    clock.pass(5000);
    expect(quiet).toBe(1);
  });
});
