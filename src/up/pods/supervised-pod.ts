/** The proxy of one pod on this machine: started, kept running, and ended with the pod. */
import type { EnvoyProcess } from "../envoy/envoy-process.js";
import { type EnvoyState, type SupervisorClock, superviseEnvoy } from "../envoy/supervisor.js";
import type { PlacedPod, RunningPod } from "./pod-plan.js";

/** What a pod is run with. */
export interface SupervisedPodOptions {
  /** Starts its proxy. */
  readonly launch: (pod: PlacedPod) => Promise<EnvoyProcess>;
  readonly onState: (pod: PlacedPod, state: EnvoyState) => void;
  /** Its process is another one now, or gone. */
  readonly onProcess: () => void;
  readonly clock: SupervisorClock;
}

/** See the top of this file. */
export class SupervisedPod implements RunningPod {
  /** Its proxy is ready, or it has none. */
  ready = false;
  /** It is being ended, and takes no part any more. */
  leaving = false;
  /** Resolves when its first start has come to an end, good or bad. */
  readonly attempted: Promise<void>;
  readonly #options: SupervisedPodOptions;
  #pod: PlacedPod;
  readonly #stop = new AbortController();
  #attempted: () => void = () => undefined;
  #ended: Promise<void> | undefined;
  #envoy: EnvoyProcess | undefined;

  constructor(pod: PlacedPod, options: SupervisedPodOptions) {
    this.#pod = pod;
    this.#options = options;
    this.attempted = new Promise((resolve) => {
      this.#attempted = resolve;
    });
  }

  /** As it runs. */
  get pod(): PlacedPod {
    return this.#pod;
  }

  /** The process of its proxy, while there is one. */
  get pid(): number | undefined {
    return this.#envoy?.pid;
  }

  /** Starts its proxy, the first time that it is called; a pod without one is ready. */
  start(): void {
    if (this.#ended !== undefined) return;
    if (this.pod.proxy === "none") {
      this.#ended = Promise.resolve();
      this.#onState({ phase: "ready", startMs: 0 });
      return;
    }
    const { clock, launch, onProcess } = this.#options;
    this.#ended = superviseEnvoy({
      clock,
      signal: this.#stop.signal,
      launch: async () => {
        this.#envoy = await launch(this.pod);
        onProcess();
        return this.#envoy;
      },
      onState: (state) => {
        this.#onState(state);
      },
    });
  }

  /** Takes what can change while it runs; for the rest it has to end and start anew. */
  adapt({ appPorts, containers }: PlacedPod): void {
    this.#pod = { ...this.#pod, appPorts, containers };
  }

  /** Says that it is going to be ended. */
  leave(): void {
    this.leaving = true;
  }

  /** Ends it; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    this.#attempted();
  }

  #onState(state: EnvoyState): void {
    this.ready = state.phase === "ready";
    if (state.phase === "failed" || state.phase === "stopped") {
      this.#envoy = undefined;
      this.#options.onProcess();
    }
    if (state.phase !== "starting") this.#attempted();
    this.#options.onState(this.pod, state);
  }
}
