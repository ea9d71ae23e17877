/** Asks again and again by a command how the application is, as Istio's agent does. */
import type { AgentClock } from "./keep-identity.js";
import type { CommandOutcome, CommandTerms } from "./run-command.js";

/** What is asked, and when; the times are in seconds. See `src/mesh/workload/health-probe.ts` for what follows from them. */
export interface AskedCommand {
  /** A program and its arguments. */
  readonly command: readonly string[];
  readonly delaySeconds: number;
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** What is known of the application. */
export interface ProbedHealth {
  readonly status: "healthy" | "unhealthy" | "late";
  /** Why it is not healthy. */
  readonly reason: string;
}

/** How it is asked. */
export interface ProbeApplicationOptions {
  readonly probe: AskedCommand;
  readonly run: (command: readonly string[], terms: CommandTerms) => Promise<CommandOutcome>;
  readonly clock: Pick<AgentClock, "now" | "wait">;
  /** Aborting it ends this. */
  readonly signal: AbortSignal;
  /** Told when the application is healthy that was not known to be, and the other way round. */
  readonly onHealth: (health: ProbedHealth) => void;
}

/** What came of it so far: undefined as long as nothing is known. */
interface Tally {
  readonly healthy: boolean | undefined;
  /** How often one after the other it came to the same. */
  readonly passed: number;
  readonly failed: number;
}

/** Asks until the signal is aborted; resolves when no command runs any more. */
export async function probeApplication(options: ProbeApplicationOptions): Promise<void> {
  const { probe, run, clock, signal, onHealth } = options;
  const [timeoutMs, periodMs] = [timerMs(probe.timeoutSeconds), timerMs(probe.periodSeconds)];
  if (probe.delaySeconds > 0) await clock.wait(timerMs(probe.delaySeconds), signal);
  let tally: Tally = { healthy: undefined, passed: 0, failed: 0 };
  while (!signal.aborted) {
    const due = clock.now() + periodMs;
    const outcome = await run(probe.command, { timeoutMs, signal });
    if (isAborted(signal)) return;
    const before = tally.healthy;
    tally = counted(tally, outcome, probe);
    if (tally.healthy !== before) onHealth(healthBy(outcome));
    await clock.wait(Math.max(0, due - clock.now()), signal);
  }
}

/** The longest that Node can wait, some 24 days: it would not wait at all for longer. */
const LONGEST_MS = 2 ** 31 - 1;

const timerMs = (seconds: number): number => Math.min(1000 * seconds, LONGEST_MS);

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

function counted(
  { healthy, passed, failed }: Tally,
  outcome: CommandOutcome,
  { successThreshold, failureThreshold }: AskedCommand,
): Tally {
  if (outcome.kind === "passed") {
    const isHealthy = passed + 1 >= successThreshold ? true : healthy;
    return { healthy: isHealthy, passed: passed + 1, failed: 0 };
  }
  const isHealthy = failed + 1 >= failureThreshold ? false : healthy;
  return { healthy: isHealthy, passed: 0, failed: failed + 1 };
}

function healthBy(outcome: CommandOutcome): ProbedHealth {
  switch (outcome.kind) {
    case "passed":
      return { status: "healthy", reason: "" };
    case "failed":
      return { status: "unhealthy", reason: outcome.reason };
    case "late":
      return { status: "late", reason: outcome.reason };
  }
}
