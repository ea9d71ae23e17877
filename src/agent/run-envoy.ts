/** Runs an Envoy until it is told to end, and has it end its connections first. */
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../base/error-message.js";
import type { EnvoyProcess } from "../up/envoy/envoy-process.js";
import { startReaper } from "../up/envoy/reaper.js";
import { type EnvoyState, SYSTEM_CLOCK, superviseEnvoy } from "../up/envoy/supervisor.js";

/** What becomes of an agent's Envoy. */
export type EnvoyRunEvent =
  | { readonly kind: "envoy"; readonly state: EnvoyState }
  | { readonly kind: "draining"; readonly drainMs: number }
  | { readonly kind: "not-drained"; readonly reason: string };

/** How to run it. */
export interface EnvoyRunOptions {
  readonly launch: () => EnvoyProcess;
  /** The path of the admin interface by which it begins to drain. */
  readonly drainPath: string;
  readonly drainMs: number;
  /** Aborting it ends the Envoy. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: EnvoyRunEvent) => void;
}

/** Keeps an Envoy running, and ends it with this process however that ends; resolves when it is gone. */
export async function runEnvoy(options: EnvoyRunOptions): Promise<void> {
  const { launch, signal, onEvent } = options;
  // Of what happened before, nothing is told.
  if (signal.aborted) return;
  const reaper = startReaper();
  const ended = new AbortController();
  let running: EnvoyProcess | undefined;
  const watch = (envoy: EnvoyProcess | undefined): void => {
    running = envoy;
    reaper.watch(envoy?.pid === undefined ? [] : [envoy.pid]);
  };
  const stop = (): void => {
    void drained(running, options).finally(() => {
      ended.abort();
    });
  };
  signal.addEventListener("abort", stop, { once: true });
  await superviseEnvoy({
    launch: () => {
      const envoy = launch();
      watch(envoy);
      return Promise.resolve(envoy);
    },
    onState: (state) => {
      if (state.phase === "failed" || state.phase === "stopped") watch(undefined);
      // One that ends by itself while it drains has done so, and is not started again.
      if (state.phase === "failed" && signal.aborted) ended.abort();
      onEvent({ kind: "envoy", state });
    },
    signal: ended.signal,
    clock: SYSTEM_CLOCK,
  });
  signal.removeEventListener("abort", stop);
  reaper.close();
}

/** Resolves when its connections have had their time. */
async function drained(
  envoy: EnvoyProcess | undefined,
  { drainPath, drainMs, onEvent }: EnvoyRunOptions,
): Promise<void> {
  if (envoy === undefined || drainMs === 0) return;
  try {
    await envoy.admin(drainPath, "POST");
  } catch (error) {
    onEvent({ kind: "not-drained", reason: errorMessage(error) });
    return;
  }
  onEvent({ kind: "draining", drainMs });
  await Promise.race([delay(drainMs), envoy.exited]);
}
