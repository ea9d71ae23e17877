import type { Diagnostic } from "../base/diagnostic.js";
import type { StandIn } from "../mesh/service/stand-in.js";
import type { DesiredMesh } from "./desired-mesh.js";
import type { EchoFailure } from "./echo/echo-listeners.js";
import type { EnvoyState } from "./envoy/supervisor.js";
import type { PlacedPod } from "./pods/pod-plan.js";

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
