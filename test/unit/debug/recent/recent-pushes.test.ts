import { beforeEach, describe, expect, it } from "vitest";
import {
  createRecentPushes,
  type RecentPushes,
} from "../../../../src/debug/recent/recent-pushes.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";

let time: number;
let steady: number;
let pushes: RecentPushes;

beforeEach(() => {
  time = 1_000_000;
  steady = 0;
  pushes = createRecentPushes({ now: () => time, steady: () => steady, capacity: 3 });
});

/** A response that was handed over now. */
function respond(ms: number, bytes: number): void {
  pushes.observer.pushed({
    ...{ stream: "1", session: "payments-0.default", protocol: "delta", nonce: "n", version: "v" },
    ...{ typeUrl: TYPE_URL.route, resources: 1, changed: 1, removed: 0, bytes, ms },
  });
}

/** A push of so many milliseconds from its beginning to the last answer. */
function push(name: string, ms: number): void {
  pushes.begin([`VirtualService ${name}.default`]);
  pushes.end({ ms, concerned: 1 });
}

describe("a push", () => {
  it("is told by its stages", () => {
    pushes.read({ readMs: 2, parseMs: 3 });
    pushes.computed(5);
    pushes.begin(["VirtualService a.default"]);
    steady += 10;
    respond(1, 100);
    // The computer's clock is set back.
    time -= 3_600_000;
    steady += 10;
    respond(4, 200);
    pushes.end({ ms: 50, concerned: 2 });
    expect(pushes.list({})).toEqual([
      {
        at: new Date(1_000_000 - 10).toISOString(),
        resources: ["VirtualService a.default"],
        ...{ changed: 1, proxies: 2, responses: 2, bytes: "300", totalMs: 60 },
        stages: { readMs: 2, parseMs: 3, meshMs: 5, encodeMs: 5, sendMs: 20, ackMs: 30 },
      },
    ]);
  });

  it("has all that changes while it is on its way", () => {
    pushes.read({ readMs: 1, parseMs: 1 });
    pushes.begin(["VirtualService a.default"]);
    pushes.read({ readMs: 1, parseMs: 1 });
    pushes.begin(["VirtualService a.default", "VirtualService b.default"]);
    pushes.end({ ms: 10, concerned: 1 });
    const [only] = pushes.list({});
    expect(only).toMatchObject({ changed: 2, stages: { readMs: 2, parseMs: 2 } });
  });

  it("has nothing of files that turned out to change nothing", () => {
    pushes.read({ readMs: 100, parseMs: 100 });
    pushes.read({ readMs: 1, parseMs: 1 });
    push("a", 1);
    expect(pushes.list({})).toMatchObject([{ totalMs: 3 }]);
  });
});

describe("the recent pushes", () => {
  it("are told from the slowest on, and the oldest are forgotten", () => {
    for (const [name, ms] of [
      ["a", 90],
      ["b", 20],
      ["c", 30],
      ["d", 10],
    ] as const)
      push(name, ms);
    expect(pushes.list({}).map(({ totalMs }) => totalMs)).toEqual([30, 20, 10]);
    expect(pushes.list({ limit: 1 }).map(({ totalMs }) => totalMs)).toEqual([30]);
  });

  it("have nothing of what is sent to proxies that connect", () => {
    respond(1, 1000);
    push("a", 1);
    expect(pushes.list({})).toMatchObject([{ responses: 0, bytes: "0" }]);
  });
});
