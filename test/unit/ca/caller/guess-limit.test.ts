import { expect, test } from "vitest";
import { createGuessLimit, type GuessLimit } from "../../../../src/ca/caller/guess-limit.js";

function limitAt(now: () => number, maxPeers?: number): GuessLimit {
  const options = { now, capacity: 3, refillPerSecond: 0.5 };
  return createGuessLimit(maxPeers === undefined ? options : { ...options, maxPeers });
}

function miss(limit: GuessLimit, peer: string, times: number): void {
  for (let i = 0; i < times; i++) limit.recordMiss(peer);
}

test("a peer may miss as often as its bucket holds, and again when time has passed", () => {
  let now = 0;
  const limit = limitAt(() => now);
  miss(limit, "192.0.2.1", 2);
  expect(limit.allows("192.0.2.1")).toBe(true);
  miss(limit, "192.0.2.1", 1);
  expect(limit.allows("192.0.2.1")).toBe(false);
  now = 1999;
  expect(limit.allows("192.0.2.1")).toBe(false);
  now = 2000;
  expect(limit.allows("192.0.2.1")).toBe(true);
});

test("a bucket never holds more than at first", () => {
  let now = 0;
  const limit = limitAt(() => now);
  miss(limit, "192.0.2.1", 1);
  now = 1_000_000;
  miss(limit, "192.0.2.1", 3);
  expect(limit.allows("192.0.2.1")).toBe(false);
});

test("a clock that is set back keeps nobody out", () => {
  let now = 3_600_000;
  const limit = limitAt(() => now);
  miss(limit, "192.0.2.1", 1);
  now = 0;
  expect(limit.allows("192.0.2.1")).toBe(true);
  miss(limit, "192.0.2.1", 3);
  expect(limit.allows("192.0.2.1")).toBe(false);
  now = 2000;
  expect(limit.allows("192.0.2.1")).toBe(true);
});

test.each([
  ["another IPv4 address", "192.0.2.1", "192.0.2.2", true],
  ["the same IPv4 address inside IPv6", "192.0.2.1", "::ffff:192.0.2.1", false],
  ["an address of the same IPv6 network", "2001:db8::1", "2001:db8::ffff", false],
  ["an address of another IPv6 network", "2001:db8::1", "2001:db8:0:1::1", true],
  ["something that is no address", "unknown", "unknown", false],
])("%s is counted apart or together", (_, one, other, allowed) => {
  const limit = limitAt(() => 0);
  miss(limit, one, 3);
  expect(limit.allows(other)).toBe(allowed);
});

test("of too many peers those of the oldest misses are forgotten", () => {
  const limit = limitAt(() => 0, 2);
  miss(limit, "192.0.2.1", 3);
  miss(limit, "192.0.2.2", 3);
  miss(limit, "192.0.2.1", 1);
  miss(limit, "192.0.2.3", 3);
  const allowed = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((peer) => limit.allows(peer));
  expect(allowed).toEqual([false, true, false]);
});
