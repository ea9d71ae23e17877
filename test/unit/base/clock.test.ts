import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { steadyClock, systemClock } from "../../../src/base/clock.js";

const HOUR = 3_600_000;
const START = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 59_999, 60_000, 60_001, 12 * HOUR, 60 * 24 * HOUR])(
  "what is due in %i ms is called then, and once",
  (ms) => {
    const called = vi.fn();
    systemClock.at(START + ms, called);
    vi.advanceTimersByTime(ms - 1);
    expect(called).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(called).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(24 * HOUR);
    expect(called).toHaveBeenCalledOnce();
  },
);

test("what was due while the machine slept is called within a minute of its awakening", () => {
  const called = vi.fn();
  systemClock.at(START + 12 * HOUR, called);
  vi.advanceTimersByTime(HOUR);
  vi.setSystemTime(START + 60 * HOUR);
  vi.advanceTimersByTime(60_001);
  expect(called).toHaveBeenCalledOnce();
});

test("what waits since a time is called within a minute of the clock's being set back to before that, and once", () => {
  const called = vi.fn();
  const another = vi.fn();
  systemClock.at(START + 12 * HOUR, called, START - 1);
  systemClock.at(START + 12 * HOUR, another);
  vi.advanceTimersByTime(HOUR);
  expect(called).not.toHaveBeenCalled();
  vi.setSystemTime(START - 24 * HOUR);
  vi.advanceTimersByTime(60_001);
  vi.advanceTimersByTime(HOUR);
  expect(called).toHaveBeenCalledOnce();
  expect(another).not.toHaveBeenCalled();
});

test("what is called off is not called, however long it would have waited", () => {
  const called = vi.fn();
  const cancel = systemClock.at(START + 2 * HOUR, called);
  vi.advanceTimersByTime(HOUR);
  cancel();
  vi.advanceTimersByTime(2 * HOUR);
  expect(called).not.toHaveBeenCalled();
});

test.each([-5, 5])(
  "of a clock that nobody sets, what is due is called when the time has passed, though the computer's is set by %i hours",
  (hours) => {
    const called = vi.fn();
    const begun = steadyClock.now();
    steadyClock.at(begun + 2 * HOUR, called);
    vi.advanceTimersByTime(HOUR);
    vi.setSystemTime(START + hours * HOUR);
    vi.advanceTimersByTime(HOUR - 1);
    expect(called).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(called).toHaveBeenCalledOnce();
    expect(steadyClock.now() - begun).toBe(2 * HOUR + 1);
  },
);
