import type { LocalMeshOptions } from "../local-mesh-options.js";
import type { RunningPod } from "./pod-plan.js";
import { podId } from "./pods.js";

const INTERVAL_MS = 10_000;

/**
 * Looks now and then for proxies that lost their connection, until the mesh ends. One whose certificate ended while it was not
 * connected, as when a computer slept, needs a new token.
 */
export async function readmitNowAndThen(
  { controlPlane, proxies, clock, onEvent }: LocalMeshOptions,
  running: () => readonly RunningPod[],
  ending: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.wait(INTERVAL_MS, ending);
    if (ending.aborted) return;
    const connected = new Set(controlPlane.proxies().map(({ id }) => id));
    const lost = running().filter(({ pod, ready }) => ready && !connected.has(podId(pod)));
    for (const { pod } of lost.filter((one) => one.pod.proxy !== "none")) {
      await proxies.readmit(pod).catch((error: unknown) => {
        onEvent({ kind: "error", error });
      });
    }
  }
}
