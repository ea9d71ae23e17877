import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createWatchers } from "../../../../src/app/update/watchers.js";

const START = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const UPDATE = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };

/** Nobody asks for metrics here. */
const MEASURED = {
  version: "1",
  services: () => 0,
  virtualServices: () => 0,
  rootExpiresAt: () => 0,
  signingExpiresAt: () => 0,
  peers: () => [],
  now: () => 0,
};

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

test("an update is over when nothing more comes of it, though the computer's clock is set back meanwhile", () => {
  const { convergence, settled } = createWatchers(MEASURED);
  const told = vi.fn();
  settled.add(told);
  convergence.follow(UPDATE);
  vi.advanceTimersByTime(10);
  vi.setSystemTime(START - HOUR);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveBeenCalledOnce();
});
