/** How long streams last whose proof ends, by the computer's clock. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProvedStreams } from "../../../../src/app/sessions/proved-streams.js";
import { systemClock } from "../../../../src/base/clock.js";

const HOUR = 3_600_000;
const START = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A stream whose proof ends in a day; the result says that it has ended by itself. */
function openStream(refuse: () => void): () => void {
  const proof = { method: "certificate", evidence: "01", expiresAt: START + 24 * HOUR } as const;
  return createProvedStreams(systemClock).add(proof, refuse);
}

test("a stream ends when its proof does", () => {
  const refuse = vi.fn();
  openStream(refuse);
  vi.advanceTimersByTime(24 * HOUR - 1);
  expect(refuse).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(refuse).toHaveBeenCalledOnce();
});

test("a stream whose proof ended while the machine slept, or by a clock that was set, lasts until a new certificate has come over it", () => {
  const refuse = vi.fn();
  openStream(refuse);
  vi.setSystemTime(START + 25 * HOUR);
  // By now all certificates are renewed.
  vi.advanceTimersByTime(60_001);
  vi.advanceTimersByTime(30_000);
  expect(refuse).not.toHaveBeenCalled();
  vi.advanceTimersByTime(120_000);
  expect(refuse).toHaveBeenCalledOnce();
});

test("a stream that has ended meanwhile is not ended again", () => {
  const refuse = vi.fn();
  const leave = openStream(refuse);
  vi.setSystemTime(START + 25 * HOUR);
  vi.advanceTimersByTime(60_001);
  leave();
  vi.advanceTimersByTime(HOUR);
  expect(refuse).not.toHaveBeenCalled();
});
