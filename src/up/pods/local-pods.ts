/** The pods of the mesh on this machine: each is started, follows what is wanted of it, and ends when its callers know. */
import type { LocalMeshOptions } from "../local-mesh-options.js";
import { type PlacedPod, planPods, type RunningPod } from "./pod-plan.js";
import { podId } from "./pods.js";
import { SupervisedPod } from "./supervised-pod.js";

/** What pods are run with. */
export interface LocalPodsOptions
  extends Pick<LocalMeshOptions, "proxies" | "onProcesses" | "onEvent" | "clock"> {
  /** Resolves when the proxies have taken a change that comes now, or have had the time to. */
  readonly callersHeard: () => Promise<void>;
  /** A pod became something else: ready, or not, or gone. Resolves when the mesh has followed. */
  readonly onChange: () => Promise<void>;
  /** The mesh ends. */
  readonly closing: AbortSignal;
}

/** How long the requests that a pod has may still take when its callers know that it goes. */
const DRAIN_MS = 500;
/** How long the control plane may take an ended proxy for one that comes back, and its workload for one that can be called. */
const FORGOTTEN_MS = 12_000;

/** See the top of this file. */
export class LocalPods {
  readonly #options: LocalPodsOptions;
  readonly #pods = new Map<string, SupervisedPod>();
  /** Those that ended a short while ago. */
  readonly #ended = new Map<string, PlacedPod>();

  constructor(options: LocalPodsOptions) {
    this.#options = options;
  }

  /** All of them, with those that are leaving. */
  all(): readonly SupervisedPod[] {
    return [...this.#pods.values()];
  }

  /** Those that stay, by namespace and name. */
  staying(): readonly RunningPod[] {
    return this.all()
      .filter(({ leaving }) => !leaving)
      .sort((a, b) => (sortKey(a.pod) < sortKey(b.pod) ? -1 : 1));
  }

  /** Those that ended a short while ago, and have not come back. */
  ended(): readonly PlacedPod[] {
    return [...this.#ended].flatMap(([id, pod]) => (this.#pods.has(id) ? [] : [pod]));
  }

  /** Takes the next steps towards what is wanted. New pods are not started yet. */
  follow(wanted: readonly PlacedPod[]): void {
    const { start, end } = planPods(this.#pods, wanted);
    for (const id of end) {
      const pod = this.#pods.get(id);
      if (pod !== undefined) void this.#retire(id, pod);
    }
    for (const pod of wanted) {
      this.#pods.get(podId(pod))?.adapt(pod);
    }
    for (const pod of start) {
      this.#pods.set(podId(pod), this.#createPod(pod));
      this.#options.onEvent({ kind: "started", pod });
    }
  }

  /** Resolves when the first start of each has come to an end, good or bad. */
  async attempted(): Promise<void> {
    await Promise.all(this.all().map(({ attempted }) => attempted));
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    await Promise.all(this.all().map((pod) => pod.stop()));
    this.#options.onProcesses([]);
  }

  #createPod(pod: PlacedPod): SupervisedPod {
    const { proxies, onEvent, onChange, clock } = this.#options;
    return new SupervisedPod(pod, {
      clock,
      launch: (one) => proxies.launch(one),
      onProcess: () => {
        this.#tellProcesses();
      },
      onState: (one, state) => {
        onEvent({ kind: "proxy", pod: one, state });
        void onChange();
      },
    });
  }

  #tellProcesses(): void {
    const pids = this.all()
      .map(({ pid }) => pid)
      .filter((pid) => pid !== undefined);
    this.#options.onProcesses(pids);
  }

  /** Lets a pod's callers hear that it goes, then ends it. */
  async #retire(id: string, pod: SupervisedPod): Promise<void> {
    const { callersHeard, onChange, onEvent, clock, closing } = this.#options;
    const wasReady = pod.ready;
    pod.leave();
    if (wasReady) {
      await callersHeard();
      await clock.wait(DRAIN_MS, closing);
    }
    await pod.stop();
    this.#pods.delete(id);
    this.#ended.set(id, pod.pod);
    onEvent({ kind: "ended", pod: pod.pod });
    await onChange();
    await clock.wait(FORGOTTEN_MS, closing);
    if (this.#ended.get(id) !== pod.pod) return;
    this.#ended.delete(id);
    await onChange();
  }
}

function sortKey({ namespace, name }: PlacedPod): string {
  return `${namespace}/${name}`;
}
