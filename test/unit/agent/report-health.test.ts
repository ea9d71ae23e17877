/** How an agent tells the control plane what came of its probe. */
import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import type { ProbedHealth } from "../../../src/agent/probe-application.js";
import { type ReportEvent, reportHealth } from "../../../src/agent/report-health.js";
import { CallRefused } from "../../../src/grpc/call-refused.js";
import type { AnswerListener } from "../../../src/grpc/client.js";
import { status } from "../../../src/grpc/status-code.js";

const HEALTHY: ProbedHealth = { status: "healthy", reason: "" };
const LATE: ProbedHealth = { status: "late", reason: "no end" };

/** Reports to streams of which each is noted with what it was told. A wait is over when the test says so. */
function startReporting(begins: (attempt: number) => boolean = () => true) {
  const stop = new AbortController();
  const events: ReportEvent[] = [];
  const streams: { told: string[]; listener: AnswerListener; isOpen: boolean }[] = [];
  const waits: { ms: number; over: () => void }[] = [];
  let attempts = 0;
  const reports = reportHealth({
    begin: (listener) => {
      attempts += 1;
      if (!begins(attempts)) return Promise.reject(new Error("no certificate"));
      const stream = { told: [] as string[], listener, isOpen: true };
      streams.push(stream);
      return Promise.resolve({
        write: (message) => stream.told.push(message.toString()),
        halfClose: () => undefined,
        cancel: () => {
          stream.isOpen = false;
        },
      });
    },
    report: (health) => Buffer.from(health.status),
    everyMs: 5000,
    clock: {
      now: () => 0,
      wait: (ms, signal) =>
        new Promise((resolve) => {
          waits.push({ ms, over: resolve });
          signal.addEventListener("abort", () => {
            resolve();
          });
        }),
    },
    signal: stop.signal,
    onEvent: (event) => events.push(event),
  });
  return { reports, stop, events, streams, waits };
}

const away = new CallRefused(status.UNAVAILABLE, "nobody is there");

test("nothing is said before something is known, then what is known, and again after a while", async () => {
  const { reports, streams, waits } = startReporting();
  expect(streams).toEqual([]);
  reports.tell(HEALTHY);
  await expect.poll(() => streams[0]?.told).toEqual(["healthy"]);
  expect(waits[0]?.ms).toBe(5000);
  waits[0]?.over();
  await expect.poll(() => streams[0]?.told).toEqual(["healthy", "healthy"]);
});

test("another health is said at once", async () => {
  const { reports, streams } = startReporting();
  reports.tell(HEALTHY);
  await expect.poll(() => streams[0]?.told).toEqual(["healthy"]);
  reports.tell(LATE);
  await expect.poll(() => streams[0]?.told).toEqual(["healthy", "late"]);
});

test("who is not heard says why, tries again, and says what is known then", async () => {
  const { reports, streams, waits, events } = startReporting((attempt) => attempt !== 2);
  reports.tell(HEALTHY);
  await expect.poll(() => streams[0]?.told).toEqual(["healthy"]);
  streams[0]?.listener.onEnd(away);
  await expect.poll(() => events.length).toBe(1);
  reports.tell(LATE);
  waits.at(-1)?.over();
  await expect.poll(() => events.length).toBe(2);
  expect(events).toEqual([
    { kind: "not-reported", reason: "nobody is there", retryInMs: 1000 },
    { kind: "not-reported", reason: "no certificate", retryInMs: 2000 },
  ]);
  waits.at(-1)?.over();
  await expect.poll(() => streams[1]?.told).toEqual(["late"]);
});

test("the stream ends with the agent", async () => {
  const { reports, stop, streams } = startReporting();
  reports.tell(HEALTHY);
  await expect.poll(() => streams[0]?.told).toEqual(["healthy"]);
  stop.abort();
  await reports.ended;
  expect(streams[0]?.isOpen).toBe(false);
});

test("a signal that lives as long as the agent keeps nothing of what was said", async () => {
  const either = vi.spyOn(AbortSignal, "any");
  const { reports, streams, waits, stop } = startReporting();
  reports.tell(HEALTHY);
  await expect.poll(() => streams[0]?.told.length).toBe(1);
  const before = getEventListeners(stop.signal, "abort").length;
  for (let said = 1; said < 50; said++) {
    waits.at(-1)?.over();
    await expect.poll(() => streams[0]?.told.length).toBe(said + 1);
  }
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(before);
  // What that keeps is nowhere to be seen.
  expect(either).not.toHaveBeenCalled();
});
