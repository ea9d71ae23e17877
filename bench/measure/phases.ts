/** The phases of a measurement, against any subject. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FleetFunctions } from "../fleet/fleet-process.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import type { Remote } from "../remote.js";
import type { Subject } from "../subject/subject.js";
import { cpuOf, memoryOf, quiet, resetPeak } from "../subject/usage.js";
import { quantile } from "./statistics.js";
import { CONNECT, churnStep, type EditKind, editStep, reconnectStep, type Step } from "./step.js";

/** What a phase cost. Of a phase of edits, times, bytes and CPU are those of one edit. */
export interface PhaseFigures {
  readonly name: string;
  readonly edits: number;
  /** The server's CPU time in milliseconds. */
  readonly cpuMs: number;
  /** From the beginning, or the writing of the file, to a proxy's receipt; undefined when it reached nobody. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
  /** Sent to each proxy, on average. */
  readonly bytes: number;
  readonly responses: number;
  /** Of the server, in MiB. */
  readonly rss: number;
  readonly peak: number;
  /** How many proxies, over all edits, it did not reach in time. */
  readonly missing: number;
}

/** What is done. */
export interface Plan {
  readonly shape: MeshShape;
  readonly proxies: number;
  /** Of each kind. */
  readonly edits: number;
  readonly kinds: readonly EditKind[];
  /** Endpoint edits a second, and for how many seconds; 0 leaves that phase out. */
  readonly churn: { readonly perSecond: number; readonly seconds: number };
  readonly reconnect: boolean;
  /** The longest wait for anything to reach all proxies. */
  readonly timeoutMs: number;
}

/** Who is measured, by whom, and who is told of each phase. */
export interface Measurement {
  readonly subject: Subject;
  readonly fleet: Remote<FleetFunctions>;
  readonly plan: Plan;
  readonly done: (figures: PhaseFigures) => void;
}

/** Between two edits, so that what the first one caused is over. */
const PAUSE_MS = 300;
/** From the end of all streams to their return. */
const AWAY_MS = 2000;

/** Does all phases of a plan, one after the other; the proxies are connected when it is over. */
export async function measurePhases(measurement: Measurement): Promise<readonly PhaseFigures[]> {
  const { plan, subject, fleet, done } = measurement;
  const { shape } = plan;
  const open = (): Promise<void> => fleet.call("open", subject.address);
  const phases: PhaseFigures[] = [];
  const measure = async (name: string, steps: readonly Step[], then?: () => Promise<void>) => {
    const figures = await measurePhase(measurement, { name, steps, then });
    phases.push(figures);
    done(figures);
  };
  await measure("connect", [CONNECT], open);
  for (const kind of plan.kinds) {
    const indexes = Array.from({ length: plan.edits }, (_, index) => index);
    await measure(
      kind,
      indexes.map((index) => editStep(shape, kind, index)),
    );
  }
  const { perSecond, seconds } = plan.churn;
  if (perSecond * seconds > 0) {
    await measure("churn", [churnStep(shape, perSecond * seconds, 1000 / perSecond)]);
  }
  if (plan.reconnect) {
    await fleet.call("close");
    await sleep(AWAY_MS);
    await measure("reconnect", [reconnectStep()], open);
  }
  return phases;
}

interface Phase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Done in each step once it has begun. */
  readonly then: (() => Promise<void>) | undefined;
}

async function measurePhase(
  { subject, fleet, plan }: Measurement,
  { name, steps, then }: Phase,
): Promise<PhaseFigures> {
  const { pid } = subject;
  await resetPeak(pid);
  const start = await counted(fleet);
  const times: number[] = [];
  let cpuMs = 0;
  for (const step of steps) {
    await subject.prepare(step);
    const cpu = await cpuOf(pid);
    await fleet.call("beginStep", step.name);
    await fleet.call("await", step.awaited);
    times.push(...(await perform(step, { subject, fleet, plan, then })));
    await sleep(PAUSE_MS);
    if (step === steps.at(-1)) await quiet(pid);
    cpuMs += (await cpuOf(pid)) - cpu;
  }
  const end = await counted(fleet);
  const { rss, peak } = await memoryOf(pid);
  for (const step of steps) await subject.undo(step);
  await quiet(pid);
  const edits = steps.reduce((sum, step) => sum + step.edits.length, 0);
  const share = Math.max(1, edits);
  return {
    name,
    edits,
    cpuMs: cpuMs / share,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: quantile(times, 1),
    bytes: (end.bytes - start.bytes) / plan.proxies / share,
    responses: (end.responses - start.responses) / plan.proxies / share,
    rss,
    peak,
    missing: steps.length * plan.proxies - times.length,
  };
}

/** Does a step; the result is how long it took to reach each proxy that it reached. */
async function perform(
  step: Step,
  {
    subject,
    fleet,
    plan,
    then,
  }: Pick<Measurement, "subject" | "fleet" | "plan"> & Pick<Phase, "then">,
): Promise<readonly number[]> {
  const since = await subject.perform(step);
  await then?.();
  const arrived = await fleet.call("arrived", plan.timeoutMs);
  return arrived.map((time) => time - since);
}

async function counted(
  fleet: Remote<FleetFunctions>,
): Promise<{ readonly responses: number; readonly bytes: number }> {
  const { responses, bytes } = await fleet.call("received");
  return { responses, bytes: [...bytes.values()].reduce((sum, count) => sum + count, 0) };
}
