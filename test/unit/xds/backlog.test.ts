/** What becomes of clients that do not read while more waits for clients than may. */
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/xds/limits.js";
import { createBacklog } from "../../../src/xds/stream/backlog.js";
import { fakeClock } from "../base/fake-clock.js";

const LIMITS = { ...DEFAULT_LIMITS, maxUnreadBytes: 100, unreadWhenFullMs: 5000 };

/** A full backlog of two clients; `ended` are those that were cut off, and after how long. */
function fullBacklog() {
  const clock = fakeClock(0);
  const ended: [string, number][] = [];
  const rooms: number[] = [];
  const backlog = createBacklog(LIMITS, clock, () => {
    rooms.push(clock.now());
  });
  const reader = (name: string) => ({
    unreadSince: 0,
    endUnread: (afterMs: number) => {
      ended.push([name, afterMs]);
    },
  });
  const [deaf, slow] = [reader("deaf"), reader("slow")];
  backlog.add(deaf, 90);
  backlog.add(slow, 60);
  return { backlog, clock, ended, rooms, deaf, slow };
}

test("as long as nobody reads, who has not for so long is cut off", () => {
  const { clock, ended } = fullBacklog();
  for (let second = 0; second < 5; second++) clock.pass(1000);
  expect(ended).toEqual([
    ["deaf", 5000],
    ["slow", 5000],
  ]);
});

test("as long as others read, who does not has six times as long", () => {
  const { backlog, clock, ended, slow } = fullBacklog();
  const read = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      backlog.remove(slow, 1, false);
      backlog.add(slow, 1);
      slow.unreadSince = clock.now();
      clock.pass(1000);
    }
  };
  read(29);
  expect(ended).toEqual([]);
  read(2);
  expect(ended[0]).toEqual(["deaf", 30_000]);
  expect(ended.map(([name]) => name)).not.toContain("slow");
});

test("who is gone has not read", () => {
  const { backlog, clock, ended, rooms, deaf, slow } = fullBacklog();
  clock.pass(1000);
  backlog.drop(deaf, 90);
  expect(rooms).toEqual([1000]);
  backlog.add(slow, 90);
  for (let second = 0; second < 4; second++) clock.pass(1000);
  expect(ended).toEqual([["slow", 5000]]);
});
