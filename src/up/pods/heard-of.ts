/** When the proxies on this machine have heard of what changed: then, or after a time at the most, the mesh goes on. */
import { withController } from "../../base/with-controller.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { LocalMeshOptions } from "../local-mesh-options.js";
import type { RunningPod } from "./pod-plan.js";

type Waiting = Pick<LocalMeshOptions, "controlPlane" | "clock">;

/** How long callers have to hear that a pod is gone before it ends. */
const FAREWELL_MS = 2000;
/** How long the proxies have at the start to hear of all pods. */
const INTRODUCTION_MS = 5000;

/** Resolves when the proxies have taken a change that comes now, or have had the time to, or the mesh ends. */
export function callersHeard({ controlPlane, clock }: Waiting, ending: AbortSignal): Promise<void> {
  return withController(ending, async (settled) => {
    const forget = controlPlane.onSettled(() => {
      settled.abort();
    });
    await clock.wait(FAREWELL_MS, settled.signal);
    forget();
  });
}

/** Resolves when the proxies have taken which pods are ready now, or have had the time to, or the mesh ends. */
export async function podsIntroduced(
  { controlPlane, clock }: Waiting,
  running: () => readonly RunningPod[],
  ending: AbortSignal,
): Promise<void> {
  await withController(ending, async (known) => {
    const look = (): void => {
      if (isReadinessKnown(controlPlane.snapshot().tables, running())) known.abort();
    };
    const forget = controlPlane.onUpdate(look);
    look();
    await clock.wait(INTRODUCTION_MS, known.signal);
    forget();
  });
  await controlPlane.idle();
}

/** Whether the control plane has read of each pod that runs whether it is ready. */
function isReadinessKnown(
  { Pod }: Pick<ResourceTables, "Pod">,
  running: readonly RunningPod[],
): boolean {
  return running.every(({ pod: { namespace, name }, ready }) => {
    const conditions = Pod.get(`${namespace}/${name}`)?.status?.conditions ?? [];
    const told = conditions.find(({ type }) => type === "Ready")?.status;
    return told === (ready ? "True" : "False");
  });
}
