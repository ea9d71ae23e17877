import type { ControlPlane } from "../app.js";
import type { EnvoyPatches } from "../mesh/extension/envoy-filters.js";
import type { EchoApplications } from "./echo/echo-listeners.js";
import type { EnvoyProcess } from "./envoy/envoy-process.js";
import type { SupervisorClock } from "./envoy/supervisor.js";
import type { DevelopmentCertificates } from "./made/development-certificates.js";
import type { MadeDirectory } from "./made/made-directory.js";
import type { MeshEvent } from "./mesh-event.js";
import type { PlacedPod } from "./pods/pod-plan.js";
import type { SlotStore } from "./pods/slot-store.js";

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
