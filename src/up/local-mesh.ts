/** The mesh on this machine: starts and ends pods until those run that the files ask for, and again after each change. */

import { isDeepStrictEqual } from "node:util";
import type { ControlPlane } from "../app.js";
import type { Diagnostic } from "../base/diagnostic.js";
import { withController } from "../base/with-controller.js";
import type { ResourceTables } from "../config/snapshot.js";
import type { EnvoyPatches } from "../mesh/extension/envoy-filters.js";
import type { StandIn } from "../mesh/service/stand-in.js";
import { type DesiredMesh, desiredMesh } from "./desired-mesh.js";
import type { EchoApplications, EchoFailure } from "./echo/echo-listeners.js";
import { podListeners } from "./echo/echo-ports.js";
import type { EchoListener } from "./echo/echo-server.js";
import type { EnvoyProcess } from "./envoy/envoy-process.js";
import type { EnvoyState, SupervisorClock } from "./envoy/supervisor.js";
import type { DevelopmentCertificates } from "./made/development-certificates.js";
import { disputedResources } from "./made/made.js";
import type { MadeDirectory } from "./made/made-directory.js";
import { madeFiles } from "./made/made-files.js";
import type { MadeFile } from "./made/made-resources.js";
import { type OnDemand, onDemand } from "./on-demand.js";
import { serviceStandIns } from "./outside/named-services.js";
import {
  createStandInServers,
  type FindStandInServers,
  type StandInServers,
} from "./outside/stand-in-servers.js";
import { podAddresses } from "./pods/addresses.js";
import { type PlacedPod, planPods, type RunningPod } from "./pods/pod-plan.js";
import { podId } from "./pods/pods.js";
import type { SlotStore } from "./pods/slot-store.js";
import { SupervisedPod } from "./pods/supervised-pod.js";

/** What happens in the mesh, for whoever watches. */
export type MeshEvent =
  | { readonly kind: "proxy"; readonly pod: PlacedPod; readonly state: EnvoyState }
  | { readonly kind: "started" | "ended"; readonly pod: PlacedPod }
  /** What the files ask for, after each look at them. */
  | {
      readonly kind: "desired";
      readonly desired: DesiredMesh;
      readonly standIns: readonly StandIn[];
    }
  /** Ports that applications could not open; tried again at the next change. */
  | { readonly kind: "ports-failed"; readonly failures: readonly EchoFailure[] }
  /** What is wrong with EnvoyFilters for the bootstrap of a proxy. */
  | { readonly kind: "diagnostics"; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: "error"; readonly error: unknown };

/** The proxies of pods. */
export interface PodProxies {
  /** Starts the proxy of a pod. */
  launch(pod: PlacedPod): Promise<EnvoyProcess>;
  /** What EnvoyFilters change of the bootstrap of its proxy. */
  bootstrapPatches(pod: PlacedPod): EnvoyPatches;
  /** Gives a proxy that is not connected the means to connect again. */
  readmit(pod: PlacedPod): Promise<void>;
}

/** What a mesh is run with. */
export interface LocalMeshOptions {
  readonly controlPlane: Pick<
    ControlPlane,
    "snapshot" | "proxies" | "onUpdate" | "onSettled" | "idle" | "setStandIns"
  >;
  readonly proxies: PodProxies;
  readonly made: MadeDirectory;
  readonly slots: SlotStore;
  readonly certificates: DevelopmentCertificates;
  readonly applications: EchoApplications;
  /** Is told of the processes whenever they change. */
  readonly onProcesses: (pids: readonly number[]) => void;
  /** Whether servers on this machine stand in for hosts outside the mesh. */
  readonly standIns: boolean;
  readonly onEvent: (event: MeshEvent) => void;
  readonly clock: SupervisorClock;
}

/** How long callers have to hear that a pod is gone before it ends. */
const FAREWELL_MS = 2000;
/** How long the requests that it has then may still take. */
const DRAIN_MS = 500;
/** How long the control plane may take an ended proxy for one that comes back, and its workload for one that can be called. */
const FORGOTTEN_MS = 12_000;
const READMIT_INTERVAL_MS = 10_000;
/** How long the proxies have at the start to hear of all pods. */
const INTRODUCTION_MS = 5000;

const NO_STAND_INS: StandInServers = { listeners: [], standIns: [] };

/** See the top of this file. */
export class LocalMesh {
  readonly #options: LocalMeshOptions;
  readonly #pods = new Map<string, SupervisedPod>();
  /** Those that ended a short while ago. */
  readonly #ended = new Map<string, PlacedPod>();
  readonly #reconcile: OnDemand;
  readonly #findStandIns: FindStandInServers;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  #standIns: readonly StandIn[] = [];

  constructor(options: LocalMeshOptions) {
    this.#options = options;
    this.#findStandIns = createStandInServers(options.slots, options.certificates);
    this.#reconcile = onDemand(
      () => this.#reconcileOnce(),
      (error) => {
        options.onEvent({ kind: "error", error });
      },
    );
    this.#unsubscribe = options.controlPlane.onUpdate(() => {
      void this.#reconcile.run();
    });
    void this.#readmitNowAndThen();
  }

  /**
   * Starts what the files ask for; resolves when each pod is ready or has failed to start once, and the proxies know which
   * are, or have had the time to.
   */
  async start(): Promise<void> {
    await this.#reconcile.run();
    await Promise.all([...this.#pods.values()].map(({ attempted }) => attempted));
    // The readiness of the last of them is written by the end of this.
    await this.#reconcile.run();
    await this.#introduced();
  }

  /** The pods that run, by namespace and name. */
  pods(): readonly RunningPod[] {
    return [...this.#pods.values()]
      .filter(({ leaving }) => !leaving)
      .sort((a, b) => (sortKey(a.pod) < sortKey(b.pod) ? -1 : 1));
  }

  /** The servers that stand in for hosts outside the mesh. */
  standIns(): readonly StandIn[] {
    return this.#standIns;
  }

  /** Ends all pods and applications. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#unsubscribe();
    await this.#reconcile.run();
    await Promise.all([...this.#pods.values()].map((pod) => pod.stop()));
    this.#options.onProcesses([]);
    await this.#options.applications.close();
  }

  async #reconcileOnce(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { controlPlane, applications, made, onEvent, standIns } = this.#options;
    const { tables, diagnostics } = controlPlane.snapshot();
    const desired = desiredMesh(tables, disputedResources(diagnostics, made.path));
    const wanted = await this.#withAddresses(desired);
    const servers = standIns ? await this.#findStandIns(desired.externalHosts) : NO_STAND_INS;
    // Those that are leaving have no new callers.
    this.#tellStandIns([...servers.standIns, ...serviceStandIns(tables, wanted)]);
    this.#follow(wanted);
    const pods = [...this.#pods.values()];
    const listeners = await this.#podListeners(pods.map(({ pod }) => pod));
    const failures = await applications.set([...listeners, ...servers.listeners]);
    onEvent({ kind: "desired", desired, standIns: servers.standIns });
    onEvent({ kind: "ports-failed", failures });
    for (const pod of pods) pod.start();
    await made.set(await this.#madeFiles(desired));
    this.#options.certificates.age();
  }

  /** The pods with their addresses, which stay the same for as long as a pod is wanted. */
  async #withAddresses({ pods }: DesiredMesh): Promise<readonly PlacedPod[]> {
    // Those that are leaving keep their addresses until they are gone.
    const ids = new Set([...pods.map(podId), ...this.#pods.keys()]);
    const slots = await this.#options.slots.assign("pods", [...ids]);
    return pods.map((pod) => {
      const placed = { ...pod, addresses: podAddresses(slots.get(podId(pod)) ?? 0) };
      return { ...placed, bootstrapPatches: this.#options.proxies.bootstrapPatches(placed) };
    });
  }

  /** The ports of the pods' applications, which speak TLS too: gateways and services may pass it on to them. */
  async #podListeners(pods: readonly PlacedPod[]): Promise<readonly EchoListener[]> {
    const listeners = pods.map(async (pod) => {
      const { certificate, key } = await this.#options.certificates.certificateFor([podId(pod)]);
      return podListeners([pod]).map((one) => ({ ...one, tls: { certificate, key } }));
    });
    return (await Promise.all(listeners)).flat();
  }

  #tellStandIns(standIns: readonly StandIn[]): void {
    if (isDeepStrictEqual(standIns, this.#standIns)) return;
    this.#standIns = standIns;
    this.#options.controlPlane.setStandIns(standIns);
  }

  /** Takes the next steps towards what is wanted. */
  #follow(wanted: readonly PlacedPod[]): void {
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

  #createPod(pod: PlacedPod): SupervisedPod {
    const { proxies, onEvent, clock } = this.#options;
    return new SupervisedPod(pod, {
      clock,
      launch: (one) => proxies.launch(one),
      onProcess: () => {
        this.#tellProcesses();
      },
      onState: (one, state) => {
        onEvent({ kind: "proxy", pod: one, state });
        void this.#reconcile.run();
      },
    });
  }

  #tellProcesses(): void {
    const pids = [...this.#pods.values()].map(({ pid }) => pid).filter((pid) => pid !== undefined);
    this.#options.onProcesses(pids);
  }

  /** Lets a pod's callers hear that it goes, then ends it. */
  async #retire(id: string, pod: SupervisedPod): Promise<void> {
    const wasReady = pod.ready;
    pod.leave();
    if (wasReady) {
      await this.#callersHeard();
      await this.#options.clock.wait(DRAIN_MS, this.#closing.signal);
    }
    await pod.stop();
    this.#pods.delete(id);
    this.#ended.set(id, pod.pod);
    this.#options.onEvent({ kind: "ended", pod: pod.pod });
    await this.#reconcile.run();
    await this.#options.clock.wait(FORGOTTEN_MS, this.#closing.signal);
    if (this.#ended.get(id) !== pod.pod) return;
    this.#ended.delete(id);
    await this.#reconcile.run();
  }

  /** Resolves when the proxies have taken a change that comes now, or have had the time to. */
  async #callersHeard(): Promise<void> {
    const { controlPlane, clock } = this.#options;
    await withController(this.#closing.signal, async (settled) => {
      const forget = controlPlane.onSettled(() => {
        settled.abort();
      });
      await clock.wait(FAREWELL_MS, settled.signal);
      forget();
    });
  }

  /** Resolves when the proxies have taken which pods are ready now, or have had the time to. */
  async #introduced(): Promise<void> {
    const { controlPlane, clock } = this.#options;
    await withController(this.#closing.signal, async (known) => {
      const look = (): void => {
        if (isReadinessKnown(controlPlane.snapshot().tables, this.pods())) known.abort();
      };
      const forget = controlPlane.onUpdate(look);
      look();
      await clock.wait(INTRODUCTION_MS, known.signal);
      forget();
    });
    await controlPlane.idle();
  }

  #madeFiles(desired: DesiredMesh): Promise<readonly MadeFile[]> {
    const ended = [...this.#ended].flatMap(([id, pod]) => (this.#pods.has(id) ? [] : [pod]));
    const { certificates, standIns } = this.#options;
    return madeFiles({ desired, running: [...this.#pods.values()], ended, certificates, standIns });
  }

  /** A proxy whose certificate ended while it was not connected, as when a computer slept, needs a new token. */
  async #readmitNowAndThen(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await this.#options.clock.wait(READMIT_INTERVAL_MS, signal);
      if (signal.aborted) return;
      const connected = new Set(this.#options.controlPlane.proxies().map(({ id }) => id));
      const lost = this.pods().filter(({ pod, ready }) => ready && !connected.has(podId(pod)));
      for (const { pod } of lost.filter((one) => one.pod.proxy !== "none")) {
        await this.#options.proxies.readmit(pod).catch((error: unknown) => {
          this.#options.onEvent({ kind: "error", error });
        });
      }
    }
  }
}

function sortKey({ namespace, name }: PlacedPod): string {
  return `${namespace}/${name}`;
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
