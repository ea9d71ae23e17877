import { expect, test } from "vitest";
import { whenIdle } from "../../../../src/base/steps/when-idle.js";
import { fakeClock } from "../fake-clock.js";

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
  const clock = fakeClock();
  const taken: number[] = [];
  const begun = clock.now();
  const work = whenIdle(notedSteps(taken, clock.now), { clock, idleMs: clock.now, onError });
  expect(work.isOver()).toBe(false);
  await clock.turnTo(begun + 1000);
  expect(work.isOver()).toBe(true);
  const pauses = [begun, ...taken].slice(0, 3).map((time, i) => (taken[i] ?? 0) - time);
  expect(taken).toHaveLength(3);
  expect(Math.min(...pauses)).toBeGreaterThan(0);
  expect(clock.due()).toEqual([]);
});

test("a step waits while others have something to do, but not for ever", async () => {
  const clock = fakeClock();
  const taken: number[] = [];
  const begun = clock.now();
  const busyUntil = begun + 300;
  const idleMs = () => Math.max(0, clock.now() - busyUntil);
  whenIdle(notedSteps(taken, clock.now), { clock, idleMs, onError });
  await clock.turnTo(begun + 1000);
  expect(Math.min(...taken)).toBeGreaterThan(busyUntil);
  expect(taken).toHaveLength(3);

  const late: number[] = [];
  const start = clock.now();
  whenIdle(notedSteps(late, clock.now), { clock, idleMs: () => 0, onError });
  await clock.turnTo(start + 5000);
  expect(late).toHaveLength(3);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(start + 1000);
});

test("no step is taken once the work is ended", async () => {
  const clock = fakeClock();
  const taken: number[] = [];
  const work = whenIdle(notedSteps(taken, clock.now), { clock, idleMs: clock.now, onError });
  const [first = 0] = clock.due();
  await clock.turnTo(first);
  work.close();
  await clock.turnTo(first + 1000);
  expect(taken).toEqual([first]);
  expect(work.isOver()).toBe(false);
});

test("who began the work is told when a step fails", async () => {
  const clock = fakeClock();
  const errors: unknown[] = [];
  const failure = new Error("no such namespace");
  const work = whenIdle(notedSteps([], clock.now, failure), {
    clock,
    idleMs: clock.now,
    onError: (error) => errors.push(error),
  });
  await clock.turnTo(clock.now() + 1000);
  expect(errors).toEqual([failure]);
  expect(work.isOver()).toBe(true);
});
