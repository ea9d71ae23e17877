/** `fairlead agent` as a process, and what it says. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { noteOutput } from "../../outputs/note-output.js";
import { MAIN } from "./host-programs.js";
import type { ServedMesh } from "./served-mesh.js";

/** A slow machine takes its time. */
export const SOON = { timeout: 20_000, interval: 50 };

/** Where agents are run, and what they run. */
export interface AgentPlace {
  readonly directory: string;
  /** Envoy's executable. */
  readonly envoy: string;
  /** Where the workload is, its application, and the calls of that. */
  readonly addresses: { readonly pod: string; readonly app: string; readonly egress: string };
}

/** How one is started. */
export interface AgentStart {
  /** Its identity's directory. */
  readonly machine: string;
  /** None when absent. */
  readonly token?: string;
  readonly drainTime?: string;
  readonly options?: readonly string[];
}

/** An agent that runs, or has run. */
export interface Agent {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  /** Waits for a line with this text, for the so manieth one. */
  readonly until: (text: string, times?: number) => Promise<void>;
  /** The number of its Envoy's process. */
  readonly envoy: () => Promise<number>;
}

/** Starts an agent of the workload `called-0`, of the account `called`; it ends with the test. */
export async function startAgentAt(
  { directory, envoy, addresses }: AgentPlace,
  mesh: ServedMesh,
  { machine, token, drainTime = "1s", options = [] }: AgentStart,
): Promise<Agent> {
  const { rootCertificates, tlsPort } = mesh.controlPlane();
  const [root, tokenFile] = [join(directory, "root.pem"), join(directory, "token")];
  await writeFile(root, rootCertificates);
  await writeFile(tokenFile, token ?? "");
  const child = spawn(process.execPath, [
    ...[MAIN, "agent", "--workload", "called-0.default", "--service-account", "called"],
    ...["--labels", "app=called", "--mode", "NONE", "--unprivileged", "--envoy", envoy],
    ...["--address", addresses.pod, "--app-address", addresses.app],
    ...["--egress-address", addresses.egress, "--root-cert", root],
    ...["--control-plane", `127.0.0.1:${tlsPort}`, "--drain-time", drainTime],
    ...["--identity", join(directory, machine), ...options],
    ...(token === undefined ? [] : ["--token-file", tokenFile]),
    ...["--", "--concurrency", "1"],
  ]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  }
  const exited = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    noteOutput("fairlead agent and its Envoy", said);
  });
  return {
    process: child,
    exited,
    until: async (text, times = 1) => {
      await expect.poll(() => said.split(text).length - 1, SOON).toBeGreaterThanOrEqual(times);
    },
    envoy: () => envoyOf(child.pid ?? 0, envoy),
  };
}

/** Of the children of a process the one that is an Envoy. */
async function envoyOf(pid: number, envoy: string): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ");
  const programs = await Promise.all(
    children.map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "")),
  );
  return Number(children[programs.findIndex((program) => program.startsWith(envoy))]);
}

/** A join token for such an agent, good for once. */
export const agentToken = (mesh: ServedMesh): Promise<string> =>
  mesh.controlPlane().createToken({
    ...{ namespace: "default", serviceAccount: "called", ttlMs: 60_000, uses: 1 },
  });
