/** Certificates that are kept fresh by the computer's clock, while somebody sets that. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../src/base/clock.js";
import { startRenewal } from "../../../../src/ca/issue/renewed-certificate.js";
import { redact } from "../../../../src/ca/redacted.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Keeps a certificate of a day; the result has when each was issued, by the clock of that moment. */
async function keepFresh(): Promise<readonly number[]> {
  const issued: number[] = [];
  const issue = () => {
    const issuedAt = Date.now();
    issued.push(issuedAt);
    const key = redact("key");
    return Promise.resolve({ chain: "", privateKey: key, issuedAt, notAfter: issuedAt + DAY });
  };
  await startRenewal(issue, {
    clock: systemClock,
    random: () => 0.5,
    onError: (error) => {
      throw error;
    },
    onRenewed: () => undefined,
  });
  return issued;
}

test.each([
  ["forward by a day", DAY],
  ["back by a day", -DAY],
])(
  "a certificate is renewed within a minute of the clock's being set %s, once, and in time from then on",
  async (_what, byMs) => {
    const issued = await keepFresh();
    await vi.advanceTimersByTimeAsync(HOUR);
    const set = START + HOUR + byMs;
    vi.setSystemTime(set);
    await vi.advanceTimersByTimeAsync(11 * HOUR);
    const [first, second = 0, ...others] = issued;
    expect([first, others]).toEqual([START, []]);
    expect(second - set).toBeGreaterThanOrEqual(0);
    expect(second - set).toBeLessThan(61_000);
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    expect(issued).toHaveLength(3);
  },
);

test("a clock that is set back by less than certificates begin before they are issued has none renewed", async () => {
  const issued = await keepFresh();
  await vi.advanceTimersByTimeAsync(HOUR);
  vi.setSystemTime(START - 60_000);
  await vi.advanceTimersByTimeAsync(6 * HOUR);
  expect(issued).toEqual([START]);
});
