/** What proxies tell of themselves. */

import { readdir, readFile } from "node:fs/promises";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";
import { noteOutput } from "../../outputs/note-output.js";
import { callAddress } from "./requests.js";

const ADMIN_PORT = 15000;

/** What the admin interface of a pod's proxy answers. */
export async function admin(pod: PlacedPod, path: string, method = "GET"): Promise<string> {
  const at = { address: pod.addresses.pod, port: ADMIN_PORT };
  const { status, body } = await callAddress(at, `http://admin${path}`, { method });
  if (status !== 200) throw new Error(`${path} of ${pod.name}: ${String(status)} ${body}`);
  noteOutput(`${path} of the Envoy of ${pod.name}`, body);
  return body;
}

/** The counters and gauges of a pod's proxy whose names contain a text, by name. */
export async function stats(pod: PlacedPod, text: string): Promise<ReadonlyMap<string, number>> {
  const filter = encodeURIComponent(text.replaceAll(/[|.]/g, "\\$&"));
  const answer = JSON.parse(await admin(pod, `/stats?format=json&filter=${filter}`)) as {
    readonly stats: readonly { readonly name?: string; readonly value?: number }[];
  };
  return new Map(answer.stats.map(({ name = "", value = Number.NaN }) => [name, value]));
}

/** The ids of the processes that were started with a path in this directory among their arguments, sorted. */
export async function processesOf(directory: string): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return command.includes(directory) ? [Number(pid)] : [];
    }),
  );
  return found.flat().sort((a, b) => a - b);
}
