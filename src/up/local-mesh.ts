/** The mesh on this machine: starts and ends pods until those run that the files ask for, and again after each change. */

import { isDeepStrictEqual } from "node:util";
import type { StandIn } from "../mesh/service/stand-in.js";
import { type DesiredMesh, desiredMesh } from "./desired-mesh.js";
import { podListeners } from "./echo/echo-ports.js";
import type { EchoListener } from "./echo/echo-server.js";
import type { LocalMeshOptions } from "./local-mesh-options.js";
import { disputedResources } from "./made/made.js";
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
import { callersHeard, podsIntroduced } from "./pods/heard-of.js";
import { LocalPods } from "./pods/local-pods.js";
import type { PlacedPod, RunningPod } from "./pods/pod-plan.js";
import { podId } from "./pods/pods.js";
import { readmitNowAndThen } from "./pods/readmission.js";

const NO_STAND_INS: StandInServers = { listeners: [], standIns: [] };

/** See the top of this file. */
export class LocalMesh {
  readonly #options: LocalMeshOptions;
  readonly #pods: LocalPods;
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
    const { signal } = this.#closing;
    this.#pods = new LocalPods({
      ...options,
      callersHeard: () => callersHeard(options, signal),
      onChange: () => this.#reconcile.run(),
      closing: signal,
    });
    this.#unsubscribe = options.controlPlane.onUpdate(() => {
      void this.#reconcile.run();
    });
    void readmitNowAndThen(options, () => this.pods(), signal);
  }

  /**
   * Starts what the files ask for; resolves when each pod is ready or has failed to start once, and the proxies know which
   * are, or have had the time to.
   */
  async start(): Promise<void> {
    await this.#reconcile.run();
    await this.#pods.attempted();
    // The readiness of the last of them is written by the end of this.
    await this.#reconcile.run();
    await podsIntroduced(this.#options, () => this.pods(), this.#closing.signal);
  }

  /** The pods that run, by namespace and name. */
  pods(): readonly RunningPod[] {
    return this.#pods.staying();
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
    await this.#pods.stop();
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
    this.#pods.follow(wanted);
    const pods = this.#pods.all();
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
    const ids = new Set([...pods, ...this.#pods.all().map(({ pod }) => pod)].map(podId));
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

  #madeFiles(desired: DesiredMesh): Promise<readonly MadeFile[]> {
    const { certificates, standIns } = this.#options;
    const pods = { running: this.#pods.all(), ended: this.#pods.ended() };
    return madeFiles({ desired, ...pods, certificates, standIns });
  }
}
