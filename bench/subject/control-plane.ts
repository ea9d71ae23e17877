/** fairlead's own control plane, as a child process. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Step } from "../measure/step.js";
import type { MeshDirectory } from "../mesh/mesh-directory.js";
import { now } from "../now.js";
import { stopChild } from "../remote.js";
import type { Subject } from "./subject.js";

/** A control plane that runs. */
export interface MeasuredControlPlane extends Subject {
  /** When its process was started (see now.ts). */
  readonly startedAt: number;
  readonly stop: () => Promise<void>;
}

/** It did not come up. */
class NotServing extends Error {
  readonly code = "not-serving";
}

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** The port in the line of the log that says that it serves. */
async function plaintextPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new NotServing("the control plane has no output");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const port = portIn(line);
    if (port === undefined) continue;
    child.stdout.resume();
    return port;
  }
  throw new NotServing(`the control plane ended:\n${lines.slice(-5).join("\n")}`);
}

/** The port in a line of the log; undefined in all lines but one. */
export function portIn(line: string): number | undefined {
  if (!line.includes('"plaintextPort"')) return undefined;
  const entry = JSON.parse(line) as { readonly plaintextPort?: number };
  return entry.plaintextPort;
}

async function writeEdits({ edits, everyMs }: Step, mesh: MeshDirectory): Promise<number> {
  const begun = now();
  let last = begun;
  for (const [index, { service, edit }] of edits.entries()) {
    await sleep(Math.max(0, begun + index * everyMs - now()));
    last = now();
    await mesh.write(service, edit);
  }
  return last;
}

/**
 * Starts a control plane on the files of a mesh, with its state in a directory that is given.
 * @throws NotServing
 */
export async function startControlPlane(
  mesh: MeshDirectory,
  state: string,
): Promise<MeasuredControlPlane> {
  const startedAt = now();
  const ports = ["--port", "0", "--tls-port", "0", "--http-port", "0"];
  const child = spawn(
    process.execPath,
    [MAIN, "serve", "--config", mesh.path, "--state", state, ...ports, "--log-level", "info"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const port = await plaintextPort(child);
  return {
    startedAt,
    pid: child.pid ?? 0,
    address: `127.0.0.1:${port}`,
    prepare: () => Promise.resolve(),
    perform: (step) => writeEdits(step, mesh),
    undo: async ({ edits }) => {
      for (const service of new Set(edits.map((one) => one.service))) await mesh.write(service);
    },
    stop: () => stopChild(child),
  };
}
