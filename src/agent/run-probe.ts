/** Has an application asked by a command, and the control plane told what that comes to. */
import type { AnswerListener, ClientCall } from "../grpc/client.js";
import { AgentError } from "./agent-error.js";
import type { Identity } from "./identity.js";
import type { IdentityDirectory } from "./identity-directory.js";
import type { AgentClock } from "./keep-identity.js";
import { type AskedCommand, type ProbedHealth, probeApplication } from "./probe-application.js";
import { type ReportEvent, reportHealth } from "./report-health.js";
import { runCommand } from "./run-command.js";

/** What it comes to. */
export type ProbeEvent = ReportEvent | { readonly kind: "health"; readonly health: ProbedHealth };

/** What is asked, and how it is told. */
export interface ProbeSettings {
  readonly probe: AskedCommand;
  /** Begins a stream to the control plane by an identity, which has to be of these roots. */
  readonly begin: (identity: Identity, roots: string, listener: AnswerListener) => ClientCall;
  readonly report: (health: ProbedHealth) => Buffer;
}

/** With what it is run. */
export interface RunProbeOptions extends ProbeSettings {
  readonly directory: Pick<IdentityDirectory, "identity" | "roots">;
  readonly clock: Pick<AgentClock, "now" | "wait">;
  /** Aborting it ends this. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: ProbeEvent) => void;
}

/** As Envoy says what came of its checks. */
const MAX_REPORT_SECONDS = 5;

/** Runs until the signal is aborted. Never rejects. */
export async function runProbe(options: RunProbeOptions): Promise<void> {
  const { probe, begin, directory, onEvent } = options;
  const reports = reportHealth({
    ...options,
    begin: async (listener) => {
      const [identity, roots] = [await directory.identity(), await directory.roots(undefined)];
      if (identity === undefined || roots === undefined) throw noIdentity();
      return begin(identity, roots, listener);
    },
    everyMs: 1000 * Math.min(probe.periodSeconds, MAX_REPORT_SECONDS),
  });
  await probeApplication({
    ...options,
    run: runCommand,
    onHealth: (health) => {
      onEvent({ kind: "health", health });
      reports.tell(health);
    },
  });
  await reports.ended;
}

const noIdentity = (): AgentError =>
  new AgentError("no-identity", "there is no certificate yet", "wait until there is one");
