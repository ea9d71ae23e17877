/** Which pods to start and which to end, so that those that run become those that are wanted. */

import { byKey } from "../../base/text/compare-text.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { PodAddresses } from "./addresses.js";
import { type LocalPod, podId } from "./pods.js";

/** A pod with its addresses. */
export interface PlacedPod extends LocalPod {
  readonly addresses: PodAddresses;
  /** What EnvoyFilters change of the bootstrap of its proxy; nothing when absent. */
  readonly bootstrapPatches?: EnvoyPatches;
}

/** A pod that runs, as far as the plan depends on it. */
export interface RunningPod {
  readonly pod: PlacedPod;
  readonly ready: boolean;
  /** It is being ended. */
  readonly leaving: boolean;
}

/** What to do now; the rest follows when these are done. */
export interface PodPlan {
  readonly start: readonly PlacedPod[];
  /** Ids of pods to end, also to start them anew in their new form. */
  readonly end: readonly string[];
}

/**
 * The next steps. A pod whose form changed is ended and, once it is gone, started anew; of a workload's ready pods one at a
 * time, and only while all the others are ready.
 */
export function planPods(
  running: ReadonlyMap<string, RunningPod>,
  wanted: readonly PlacedPod[],
): PodPlan {
  const wantedById = new Map(wanted.map((pod) => [podId(pod), pod]));
  const workloads = new Map<string, PlacedPod[]>();
  for (const pod of wanted) {
    const key = `${pod.namespace}/${pod.workloadName}`;
    workloads.set(key, [...(workloads.get(key) ?? []), pod]);
  }
  const gone = [...running]
    .filter(([id, { leaving }]) => !leaving && !wantedById.has(id))
    .map(([id]) => id);
  return {
    start: wanted.filter((pod) => !running.has(podId(pod))),
    end: [...gone, ...[...workloads.values()].flatMap((pods) => replaceNow(running, pods))],
  };
}

function replaceNow(
  running: ReadonlyMap<string, RunningPod>,
  workload: readonly PlacedPod[],
): readonly string[] {
  const outdated = workload
    .map((pod) => ({ id: podId(pod), pod, now: running.get(podId(pod)) }))
    .filter(({ pod, now }) => now !== undefined && !now.leaving && isOutdated(now.pod, pod));
  const notReady = outdated.filter(({ now }) => now?.ready === false).map(({ id }) => id);
  const allReady = workload.every((pod) => {
    const now = running.get(podId(pod));
    return now?.ready === true && !now.leaving;
  });
  const first = allReady ? outdated[0] : undefined;
  return first === undefined ? notReady : [first.id];
}

/** Whether a pod has to start anew to be as it is wanted. One that was started for metrics does without them, too. */
const isOutdated = (now: PlacedPod, wanted: PlacedPod): boolean =>
  formOf(now) !== formOf(wanted) || (wanted.makesMetrics && !now.makesMetrics);

/** What its proxy and its application are told when they start; they need no new start for anything else. */
function formOf(pod: PlacedPod): string {
  const { name, namespace, workloadName, serviceAccount, proxy, addresses } = pod;
  const { bootstrapPatches = [] } = pod;
  return JSON.stringify([
    ...[name, namespace, workloadName, serviceAccount, proxy],
    ...[pod.concurrency, pod.settings, pod.naming, pod.statistics],
    bootstrapPatches.map(({ patch }) => patch),
    ...[sorted(pod.labels), sorted(pod.nodeMetadata), addresses],
  ]);
}

const sorted = (texts: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(texts).sort(byKey);
