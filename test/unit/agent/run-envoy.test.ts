import { expect, test } from "vitest";
import { type EnvoyRunEvent, runEnvoy } from "../../../src/agent/run-envoy.js";
import type { EnvoyExit, EnvoyProcess } from "../../../src/up/envoy/envoy-process.js";

/** An Envoy that does what a test says, and notes what is asked of it. */
interface FakeEnvoy extends EnvoyProcess {
  readonly asked: string[];
  becomeReady(): void;
  end(): void;
}

function fakeEnvoy(drain: () => Promise<string> = () => Promise.resolve("OK\n")): FakeEnvoy {
  let becomeReady: () => void = () => undefined;
  let end: (exit: EnvoyExit) => void = () => undefined;
  const ready = new Promise<void>((resolve) => (becomeReady = resolve));
  const exited = new Promise<EnvoyExit>((resolve) => (end = resolve));
  const asked: string[] = [];
  return {
    exited,
    asked,
    ready: () => ready,
    becomeReady,
    end: () => {
      end({ code: 1, signal: null });
    },
    admin: (path, method) => {
      asked.push(`${method ?? "GET"} ${path}`);
      return drain();
    },
    stop: () => {
      asked.push("stop");
      end({ code: null, signal: "SIGTERM" });
      return exited;
    },
  };
}

function runOne(
  envoy: FakeEnvoy,
  { drainMs = 50, controller = new AbortController() } = {},
): { events: string[]; stop: () => void; ended: Promise<void>; launches: () => number } {
  const events: string[] = [];
  let launches = 0;
  const ended = runEnvoy({
    launch: () => {
      launches += 1;
      return envoy;
    },
    ...{ drainPath: "/drain", drainMs, signal: controller.signal },
    onEvent: (event: EnvoyRunEvent) => {
      events.push(event.kind === "envoy" ? event.state.phase : event.kind);
    },
  });
  return {
    events,
    stop: () => {
      controller.abort();
    },
    ended,
    launches: () => launches,
  };
}

test("when it is to end, an Envoy is told to drain first, and has the time for it", async () => {
  const envoy = fakeEnvoy();
  const run = runOne(envoy);
  envoy.becomeReady();
  await expect.poll(() => run.events).toContain("ready");
  const before = performance.now();
  run.stop();
  await run.ended;
  expect(performance.now() - before).toBeGreaterThanOrEqual(49);
  expect(envoy.asked).toEqual(["POST /drain", "stop"]);
  expect(run.events).toEqual(["starting", "ready", "draining", "stopped"]);
});

test("one that becomes ready while it drains is not ended by that", async () => {
  const envoy = fakeEnvoy();
  const run = runOne(envoy);
  await expect.poll(() => run.events).toEqual(["starting"]);
  run.stop();
  await expect.poll(() => run.events).toContain("draining");
  const before = performance.now();
  envoy.becomeReady();
  await run.ended;
  expect(run.events).toEqual(["starting", "draining", "ready", "stopped"]);
  expect(performance.now() - before).toBeGreaterThan(20);
});

test("one that ends while it drains is not started again", async () => {
  const envoy = fakeEnvoy();
  const run = runOne(envoy, { drainMs: 60_000 });
  envoy.becomeReady();
  await expect.poll(() => run.events).toContain("ready");
  run.stop();
  await expect.poll(() => run.events).toContain("draining");
  envoy.end();
  await run.ended;
  expect(run.launches()).toBe(1);
});

test("one that cannot drain is ended without it, and that is said", async () => {
  const envoy = fakeEnvoy(() => Promise.reject(new Error("nobody answers")));
  const run = runOne(envoy, { drainMs: 60_000 });
  envoy.becomeReady();
  await expect.poll(() => run.events).toContain("ready");
  run.stop();
  await run.ended;
  expect(run.events).toEqual(["starting", "ready", "not-drained", "stopped"]);
});

test("none is started by who was told to end before", async () => {
  const controller = new AbortController();
  controller.abort();
  const run = runOne(fakeEnvoy(), { controller });
  await run.ended;
  expect(run.launches()).toBe(0);
});
