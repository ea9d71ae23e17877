/** Runs the parts of the measurement that were asked for, one after the other, and gathers their figures. */
import { cpus, loadavg } from "node:os";
import type { BenchOptions } from "../options.js";
import { type CommandsFigures, measureCommands } from "./commands.js";
import { type EnvoyFigures, measureEnvoys } from "./envoys.js";
import { type KindsFigures, measureKinds } from "./kinds.js";
import type { Plan } from "./phases.js";
import { type MeshFigures, measureMesh, measureStart, type Tell } from "./run-mesh.js";
import { measureStorm, type StormFigures } from "./storm.js";

/** All that was measured; parts that were not asked for are undefined. */
export interface Figures {
  readonly machine: {
    readonly node: string;
    readonly cpus: number;
    /** The load of the machine when it began: what else ran makes times longer. */
    readonly load: number;
  };
  readonly phases: MeshFigures | undefined;
  readonly growth: Growth | undefined;
  readonly kinds: KindsFigures | undefined;
  readonly crowd: MeshFigures | undefined;
  readonly storm: StormFigures | undefined;
  readonly start: readonly StartFigures[];
  readonly envoys: EnvoyFigures | undefined;
  readonly commands: CommandsFigures | undefined;
}

/** A mesh, with twice the services, and with twice the proxies. */
export interface Growth {
  readonly base: MeshFigures;
  readonly services: MeshFigures;
  readonly proxies: MeshFigures;
}

/** From start to first answer. */
export interface StartFigures {
  readonly services: number;
  readonly ms: number;
}

/** Measures the parts that are asked for, one after the other. */
export async function measureAll(options: BenchOptions, tell: Tell): Promise<Figures> {
  const machine = { node: process.version, cpus: cpus().length, load: loadavg()[0] ?? 0 };
  const { only, floor } = options;
  const plan = planOf(options);
  const phases = only.includes("phases") ? await measureMesh(plan, floor, tell) : undefined;
  const growth = only.includes("growth") ? await measureGrowth(plan, phases, tell) : undefined;
  const kinds = only.includes("kinds") ? await measureKinds(plan, tell) : undefined;
  const crowd = only.includes("crowd")
    ? await measureMesh(crowdPlan(options), false, tell)
    : undefined;
  if (only.includes("storm")) tell(`${plan.proxies} proxies connect beside ${plan.proxies}`);
  const storm = only.includes("storm") ? await measureStorm(plan, plan.proxies) : undefined;
  const start: StartFigures[] = [];
  for (const services of only.includes("start") ? options.start : []) {
    start.push({ services, ms: await measureStart({ ...plan.shape, services }, tell) });
  }
  const envoys = only.includes("on-demand")
    ? await measureEnvoys(plan.shape, options.called, tell)
    : undefined;
  const commands = only.includes("commands") ? await measureCommands(plan, tell) : undefined;
  return { machine, phases, growth, kinds, crowd, storm, start, envoys, commands };
}

function planOf(options: BenchOptions): Plan {
  const { services, namespaces, endpoints, proxies, edits } = options;
  return {
    shape: { services, namespaces, endpoints },
    proxies,
    edits,
    kinds: ["endpoint", "route", "cluster"],
    churn: { perSecond: options.churn, seconds: options.churnFor },
    reconnect: true,
    timeoutMs: options.timeout * 1000,
  };
}

function crowdPlan(options: BenchOptions): Plan {
  return {
    ...planOf(options),
    proxies: options.crowd,
    kinds: ["endpoint"],
    churn: { perSecond: 0, seconds: 0 },
  };
}

async function measureGrowth(
  plan: Plan,
  measured: MeshFigures | undefined,
  tell: Tell,
): Promise<Growth> {
  const small: Plan = { ...plan, churn: { perSecond: 0, seconds: 0 } };
  const { shape, proxies } = small;
  const twice: Plan = { ...small, shape: { ...shape, services: shape.services * 2 } };
  return {
    base: measured ?? (await measureMesh(small, false, tell)),
    services: await measureMesh(twice, false, tell),
    proxies: await measureMesh({ ...small, proxies: proxies * 2 }, false, tell),
  };
}
