/** Starts an Envoy again when it ends by itself. */
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../../base/error-message.js";
import { describeExit, type EnvoyProcess } from "./envoy-process.js";

/** What a supervised Envoy does now. */
export type EnvoyState =
  | { readonly phase: "starting" }
  | { readonly phase: "ready"; readonly startMs: number }
  /** It ended, or could not be started, by itself, and is started again. */
  | { readonly phase: "failed"; readonly reason: string; readonly retryInMs: number }
  | { readonly phase: "stopped" };

/** Time, as the supervisor needs it. */
export interface SupervisorClock {
  now(): number;
  /** Resolves after that time, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The computer's time. */
export const SYSTEM_CLOCK: SupervisorClock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/** How to supervise. */
export interface SupervisorOptions {
  /** Starts an Envoy; may reject, which counts as an end. */
  readonly launch: () => Promise<EnvoyProcess>;
  readonly onState: (state: EnvoyState) => void;
  /** Aborting it ends the Envoy and the supervision. */
  readonly signal: AbortSignal;
  readonly clock: SupervisorClock;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** After so long it was no failure to start. */
const HEALTHY_AFTER_MS = 30_000;

/** Keeps an Envoy running, with growing pauses between starts, until the signal is aborted; resolves when it is gone. */
export async function superviseEnvoy(options: SupervisorOptions): Promise<void> {
  const { onState, signal, clock } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    const reason = await runOnce(options);
    if (reason === undefined) break;
    failures = clock.now() - startedAt >= HEALTHY_AFTER_MS ? 1 : failures + 1;
    const retryInMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
    onState({ phase: "failed", reason, retryInMs });
    await clock.wait(retryInMs, signal);
  }
  onState({ phase: "stopped" });
}

/** Why it ended by itself, or undefined when it was told to. */
async function runOnce({
  launch,
  onState,
  signal,
  clock,
}: SupervisorOptions): Promise<string | undefined> {
  const startedAt = clock.now();
  onState({ phase: "starting" });
  let envoy: EnvoyProcess;
  try {
    envoy = await launch();
  } catch (error) {
    return signal.aborted ? undefined : errorMessage(error);
  }
  const aborted = untilAborted(signal);
  try {
    await Promise.race([envoy.ready(signal), aborted.promise]);
    if (!signal.aborted) onState({ phase: "ready", startMs: clock.now() - startedAt });
    const exit = await Promise.race([envoy.exited, aborted.promise]);
    return exit === undefined ? undefined : describeExit(exit);
  } catch (error) {
    return signal.aborted ? undefined : errorMessage(error);
  } finally {
    aborted.forget();
    await envoy.stop();
  }
}

/** A promise of the abortion, which can be forgotten: a signal outlives many Envoys. */
function untilAborted(signal: AbortSignal): { promise: Promise<undefined>; forget: () => void } {
  let onAbort: () => void = () => undefined;
  const promise = new Promise<undefined>((resolve) => {
    onAbort = () => {
      resolve(undefined);
    };
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    promise,
    forget: () => {
      signal.removeEventListener("abort", onAbort);
    },
  };
}
