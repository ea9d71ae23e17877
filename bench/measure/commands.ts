/** How long a person waits for a command that asks a control plane with a fleet connected. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hostOf, type MeshShape, namespaceOf } from "../mesh/mesh-shape.js";
import { now } from "../now.js";
import { cpuOf, quiet } from "../subject/usage.js";
import { type MeshRun, runMesh, withFleet } from "./mesh-run.js";
import type { Plan } from "./phases.js";
import type { Tell } from "./run-mesh.js";
import { quantile } from "./statistics.js";
import { CONNECT } from "./step.js";

/** What a command took; times are medians in milliseconds. */
export interface CommandFigures {
  /** As it is written, without the flags that say where the control plane is. */
  readonly command: string;
  /** By the clock. */
  readonly ms: number;
  /** CPU of the command, to 10 ms, and of the control plane meanwhile. */
  readonly cpuMs: number;
  readonly serverCpuMs: number;
  /** Of what it printed. */
  readonly bytes: number;
  /** It did not end as it should. */
  readonly failed: boolean;
}

/** All commands. */
export interface CommandsFigures {
  readonly shape: MeshShape;
  readonly proxies: number;
  /** Node without any program: no command can take less. */
  readonly node: CommandFigures;
  readonly commands: readonly CommandFigures[];
}

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** Each is run so often. */
const RUNS = 5;
const TICK_MS = 10;

/** Measures the commands, one after the other, while a fleet is connected and nothing changes. */
export function measureCommands(plan: Plan, tell: Tell): Promise<CommandsFigures> {
  const { shape, proxies } = plan;
  tell(`${shape.services} services, commands while ${proxies} proxies are connected`);
  return runMesh(shape, (run) =>
    withFleet(plan, async (fleet) => {
      await fleet.call("await", CONNECT.awaited);
      await fleet.call("open", run.server.address);
      await fleet.call("arrived", plan.timeoutMs);
      await quiet(run.server.pid);
      const node = await measure(run, "node -e 0", ["-e", "0"]);
      const commands: CommandFigures[] = [];
      for (const words of commandsOf(shape, run)) {
        const args = words.map((word) => word.replace("{state}", join(run.directory, "state")));
        const shown = words.filter((word) => word !== "--state" && word !== "{state}").join(" ");
        commands.push(await measure(run, shown, [MAIN, ...args]));
      }
      return { shape, proxies, node, commands };
    }),
  );
}

/** The commands that are for people who wait, on the proxies and services of the mesh. */
function commandsOf(shape: MeshShape, { directory }: MeshRun): readonly (readonly string[])[] {
  const pod = `svc-1-0.${namespaceOf(shape, 1)}`;
  const service = `svc-2.${namespaceOf(shape, 2)}`;
  const host = hostOf(shape, 2);
  const url = `http://${host}/`;
  const mesh = join(directory, "mesh");
  const asked = [
    ["version"],
    ["proxy-status"],
    ["proxy-status", "-v", "1"],
    ["proxy-status", "-o", "json"],
    ...["clusters", "endpoints", "eds", "listeners", "routes", "secret", "ecds", "all"].map(
      (part) => ["proxy-config", part, pod],
    ),
    ["proxy-config", "clusters", pod, "--fqdn", host, "-o", "json"],
    ["proxy-config", "clusters", pod, "-o", "wide"],
    ["proxy-config", "endpoints", pod, "-o", "wide"],
    ["proxy-config", "routes", pod, "-o", "wide"],
    ["authn", "tls-check", pod],
    ["authn", "tls-check", pod, host],
    ["authz", "check", pod],
    ["describe", "pod", pod],
    ["describe", "service", service],
    ["explain", "--from", pod, url],
    ["explain", "--flags", "UF,URX", "--from", pod, "--to", url],
    ["why", pod, `outbound|80||${host}`],
    ["analyze"],
    ["pushes"],
    ["wait"],
    ["ca", "status"],
    ["token", "list"],
    ["plan", mesh],
  ];
  return [
    ["version", "--remote=false"],
    ["explain", "--flags", "UF,URX"],
    ["validate", "-f", join(mesh, "mesh-wide.yaml")],
    ...asked.map((words) => [...words, "--state", "{state}"]),
  ];
}

async function measure(
  { server }: MeshRun,
  command: string,
  args: readonly string[],
): Promise<CommandFigures> {
  const runs: Omit<CommandFigures, "command">[] = [];
  for (let run = 0; run < RUNS; run++) {
    const [cpuBefore, serverBefore] = [await cpuOfChildren(), await cpuOf(server.pid)];
    const begun = now();
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    let bytes = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const [code] = (await once(child, "close")) as [number | null];
    runs.push({
      ms: now() - begun,
      cpuMs: (await cpuOfChildren()) - cpuBefore,
      serverCpuMs: (await cpuOf(server.pid)) - serverBefore,
      bytes,
      failed: code !== 0,
    });
  }
  const median = (of: (run: (typeof runs)[number]) => number): number =>
    quantile(runs.map(of), 0.5) ?? 0;
  return {
    command,
    ms: median(({ ms }) => ms),
    cpuMs: median(({ cpuMs }) => cpuMs),
    serverCpuMs: median(({ serverCpuMs }) => serverCpuMs),
    bytes: median(({ bytes }) => bytes),
    failed: runs.some(({ failed }) => failed),
  };
}

/** The CPU time of all children that have ended, in milliseconds: proc(5), cutime and cstime. */
async function cpuOfChildren(): Promise<number> {
  const text = await readFile("/proc/self/stat", "utf8");
  const [user = 0, system = 0] = text
    .slice(text.lastIndexOf(")"))
    .split(" ")
    .slice(14, 16)
    .map(Number);
  return (user + system) * TICK_MS;
}
