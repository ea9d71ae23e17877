import { expect, test } from "vitest";
import type { EnvoyExit, EnvoyProcess } from "../../../../src/up/envoy/envoy-process.js";
import { type EnvoyState, superviseEnvoy } from "../../../../src/up/envoy/supervisor.js";

/** An Envoy whose life is told: `ready`, then `end`. */
interface FakeEnvoy extends EnvoyProcess {
  becomeReady(): void;
  end(code: number): void;
  stopped: boolean;
}

function fakeEnvoy(): FakeEnvoy {
  let resolveReady: () => void = () => undefined;
  let resolveExit: (exit: EnvoyExit) => void = () => undefined;
  const ready = new Promise<void>((resolve) => (resolveReady = resolve));
  const exited = new Promise<EnvoyExit>((resolve) => (resolveExit = resolve));
  const envoy: FakeEnvoy = {
    exited,
    stopped: false,
    ready: () => Promise.race([ready, exited.then(() => Promise.reject(new Error("ended early")))]),
    admin: () => Promise.resolve(""),
    stop: () => {
      envoy.stopped = true;
      resolveExit({ code: null, signal: "SIGTERM" });
      return exited;
    },
    becomeReady: () => {
      resolveReady();
    },
    end: (code) => {
      resolveExit({ code, signal: null });
    },
  };
  return envoy;
}

interface Scene {
  readonly envoys: FakeEnvoy[];
  readonly states: EnvoyState[];
  readonly waits: number[];
  readonly ended: Promise<void>;
  readonly now: { ms: number };
  stop(): void;
}

/** Waits are over at once; `launch` may be made to fail a few times. */
function supervise(failingLaunches = 0): Scene {
  const controller = new AbortController();
  const now = { ms: 0 };
  let failures = failingLaunches;
  const scene: Omit<Scene, "ended"> = {
    envoys: [],
    states: [],
    waits: [],
    now,
    stop: () => {
      controller.abort();
    },
  };
  const ended = superviseEnvoy({
    signal: controller.signal,
    clock: {
      now: () => now.ms,
      wait: (ms) => {
        scene.waits.push(ms);
        return Promise.resolve();
      },
    },
    launch: () => {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new Error("no token"));
      const envoy = fakeEnvoy();
      scene.envoys.push(envoy);
      return Promise.resolve(envoy);
    },
    onState: (state) => scene.states.push(state),
  });
  return { ...scene, ended };
}

const phases = ({ states }: Scene): readonly string[] => states.map(({ phase }) => phase);

test("says when its Envoy is ready, and how long that took", async () => {
  const scene = supervise();
  await expect.poll(() => scene.envoys.length).toBe(1);
  scene.now.ms = 700;
  scene.envoys[0]?.becomeReady();
  await expect.poll(() => scene.states.at(-1)).toEqual({ phase: "ready", startMs: 700 });
  scene.stop();
  await scene.ended;
  expect(phases(scene)).toEqual(["starting", "ready", "stopped"]);
  expect(scene.envoys[0]?.stopped).toBe(true);
});

test("starts it again when it ends, and says why", async () => {
  const scene = supervise();
  await expect.poll(() => scene.envoys.length).toBe(1);
  scene.envoys[0]?.becomeReady();
  await expect.poll(() => phases(scene)).toContain("ready");
  scene.envoys[0]?.end(1);
  await expect.poll(() => scene.envoys.length).toBe(2);
  expect(scene.states[2]).toEqual({
    phase: "failed",
    reason: "Envoy ended with code 1",
    retryInMs: 500,
  });
  scene.stop();
  await scene.ended;
});

test("waits longer after each failure, up to half a minute", async () => {
  const scene = supervise(9);
  await expect.poll(() => scene.envoys.length).toBe(1);
  expect(scene.waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  scene.stop();
  await scene.ended;
});

test("begins with short waits again after it ran for long", async () => {
  const scene = supervise(3);
  await expect.poll(() => scene.envoys.length).toBe(1);
  scene.envoys[0]?.becomeReady();
  await expect.poll(() => phases(scene)).toContain("ready");
  scene.now.ms = 60_000;
  scene.envoys[0]?.end(1);
  await expect.poll(() => scene.waits.at(-1)).toBe(500);
  scene.stop();
  await scene.ended;
});

test("ends an Envoy that is not ready yet when it is told to stop", async () => {
  const scene = supervise();
  await expect.poll(() => scene.envoys.length).toBe(1);
  scene.stop();
  await scene.ended;
  expect(scene.envoys[0]?.stopped).toBe(true);
  expect(phases(scene)).toEqual(["starting", "stopped"]);
});
