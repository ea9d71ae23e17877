import { expect, test } from "vitest";
import { inTurns } from "../../../src/app/in-turns.js";
import { fakeTimers } from "../ca/fake-timers.js";

/** Three steps that note when they are taken; behind them a failure, if one is given. */
function* notedSteps(taken: number[], now: () => number, failure?: Error): Generator<void> {
  for (let i = 0; i < 3; i++) {
    taken.push(now());
    yield;
  }
  if (failure !== undefined) throw failure;
}

const onError = (error: unknown): void => {
  throw error;
};

test("time goes by before each step, in which others have their turn", async () => {
  const timers = fakeTimers();
  const taken: number[] = [];
  const begun = timers.now();
  inTurns(notedSteps(taken, timers.now), { timers, onError });
  await timers.turnTo(begun + 1000);
  const pauses = [begun, ...taken].slice(0, 3).map((time, i) => (taken[i] ?? 0) - time);
  expect(taken).toHaveLength(3);
  expect(Math.min(...pauses)).toBeGreaterThan(0);
  expect(timers.due()).toEqual([]);
});

test("no step is taken once the work is ended", async () => {
  const timers = fakeTimers();
  const taken: number[] = [];
  const end = inTurns(notedSteps(taken, timers.now), { timers, onError });
  const [first = 0] = timers.due();
  await timers.turnTo(first);
  end();
  await timers.turnTo(first + 1000);
  expect(taken).toEqual([first]);
});

test("who began the work is told when a step fails", async () => {
  const timers = fakeTimers();
  const errors: unknown[] = [];
  const failure = new Error("no such namespace");
  inTurns(notedSteps([], timers.now, failure), { timers, onError: (error) => errors.push(error) });
  await timers.turnTo(timers.now() + 1000);
  expect(errors).toEqual([failure]);
});
