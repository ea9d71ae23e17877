import Type from "typebox";
import type { KindDefinition } from "../../kind.js";
import { lenient, optional, Text, type ValueOf } from "../value/fields.js";
import { PodSelector, PodTemplate } from "./pod-template.js";

/** A number of pods with names of their own, `NAME-0` and on, below the service `serviceName`. */
export type StatefulSetSpec = ValueOf<typeof StatefulSetSpec>;
export const StatefulSetSpec = lenient({
  replicas: optional(Type.Integer({ minimum: 0 })),
  serviceName: optional(Text),
  selector: optional(PodSelector),
  template: PodTemplate,
});

/** Kubernetes' StatefulSet. */
export const statefulSet = {
  kind: "StatefulSet",
  group: "apps",
  versions: ["v1"],
  shortNames: ["sts"],
  body: "spec",
  schema: StatefulSetSpec,
} as const satisfies KindDefinition<StatefulSetSpec>;
