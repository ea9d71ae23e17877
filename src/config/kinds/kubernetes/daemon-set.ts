import type { KindDefinition } from "../../kind.js";
import { lenient, optional, type ValueOf } from "../value/fields.js";
import { PodSelector, PodTemplate } from "./pod-template.js";

/** A pod on every machine. */
export type DaemonSetSpec = ValueOf<typeof DaemonSetSpec>;
export const DaemonSetSpec = lenient({
  selector: optional(PodSelector),
  template: PodTemplate,
});

/** Kubernetes' DaemonSet. */
export const daemonSet = {
  kind: "DaemonSet",
  group: "apps",
  versions: ["v1"],
  shortNames: ["ds"],
  body: "spec",
  schema: DaemonSetSpec,
} as const satisfies KindDefinition<DaemonSetSpec>;
