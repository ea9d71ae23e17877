/** When a change counts as taken by the proxies that it concerned. */

import { expect, test } from "vitest";
import { createConvergence } from "../../../../src/app/update/convergence.js";
import type { Settled } from "../../../../src/app/update/followed-update.js";
import { TYPE_URL } from "../../../../src/xds/resource.js";
import { fakeClock } from "../../base/fake-clock.js";

const STREAM = { stream: "1", session: "payments-0.default", protocol: "delta" } as const;
const UPDATE = { changed: [], newDiagnostics: [], clearedDiagnostics: [] };
const LONG_MS = 1000;

function pushed(nonce: string) {
  const counts = { resources: 1, changed: 1, removed: 0, bytes: 10, ms: 1 };
  return { ...STREAM, typeUrl: TYPE_URL.route, nonce, version: "", ...counts };
}

const acked = (nonce: string) => ({ ...STREAM, typeUrl: TYPE_URL.route, nonce, ms: 1 });

function start() {
  const clock = fakeClock();
  const settled: Settled[] = [];
  const onSettled = (event: Settled): void => {
    settled.push(event);
  };
  return { clock, settled, ...createConvergence({ clock, onSettled }) };
}

test("an answer is one to everything of its type that the stream was sent before", async () => {
  const { clock, settled, observer, follow } = start();
  // The first one's own answer comes too late to be told of.
  observer.pushed(pushed("a"));
  observer.pushed(pushed("b"));
  observer.acked(acked("b"));
  follow(UPDATE);
  observer.pushed(pushed("c"));
  observer.acked(acked("c"));
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toMatchObject([{ concerned: 1, acknowledged: 1, rejected: [], times: [0] }]);
});

test("an answer to something older is none to what was sent since", async () => {
  const { clock, settled, observer, follow } = start();
  observer.pushed(pushed("a"));
  follow(UPDATE);
  observer.pushed(pushed("b"));
  observer.acked(acked("a"));
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toEqual([]);
  observer.acked(acked("b"));
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toMatchObject([{ concerned: 1, acknowledged: 1 }]);
});

test("what is sent again in case that it is taken now is no part of an update, and does not put its end off", async () => {
  const { clock, settled, observer, follow } = start();
  follow(UPDATE);
  await clock.turnTo(clock.now() + LONG_MS / 20);
  observer.pushed({ ...pushed("a"), isRetry: true });
  observer.nacked({ ...acked("a"), isRetry: true, error: "no", names: ["R"] });
  await clock.turnTo(clock.now() + LONG_MS / 20);
  expect(settled).toMatchObject([{ concerned: 0, acknowledged: 0, rejected: [] }]);
});

test("a proxy that has not answered is waited for, and then told of as silent", async () => {
  const { clock, settled, observer, follow } = start();
  follow(UPDATE);
  observer.pushed(pushed("a"));
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toEqual([]);
  await clock.turnTo(clock.now() + 10 * LONG_MS);
  expect(settled).toMatchObject([{ concerned: 1, acknowledged: 0 }]);
});

test("a stream that ends owes nothing, whatever it was sent, and those that go on are waited for", async () => {
  const { clock, settled, observer, follow } = start();
  const gone = { ...STREAM, stream: "2", session: "payments-1.default" };
  const ended = { ...gone, code: undefined, reason: "" };
  follow(UPDATE);
  observer.pushed(pushed("a"));
  observer.pushed({ ...pushed("b"), ...gone });
  observer.pushed({ ...pushed("c"), ...gone, typeUrl: TYPE_URL.cluster });
  observer.closed(ended);
  observer.closed(ended);
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toEqual([]);
  observer.acked(acked("a"));
  observer.acked(acked("a"));
  await clock.turnTo(clock.now() + LONG_MS);
  expect(settled).toMatchObject([{ concerned: 2, rejected: [] }]);
});
