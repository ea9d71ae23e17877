import Type from "typebox";
import type { KindDefinition } from "../../kind.js";
import { lenient, optional, type ValueOf } from "../value/fields.js";
import { PodSelector, PodTemplate } from "./pod-template.js";

/** A number of interchangeable pods; one when `replicas` is absent. */
export type DeploymentSpec = ValueOf<typeof DeploymentSpec>;
export const DeploymentSpec = lenient({
  replicas: optional(Type.Integer({ minimum: 0 })),
  selector: optional(PodSelector),
  template: PodTemplate,
});

/** Kubernetes' Deployment. */
export const deployment = {
  kind: "Deployment",
  group: "apps",
  versions: ["v1"],
  shortNames: ["deploy"],
  body: "spec",
  schema: DeploymentSpec,
} as const satisfies KindDefinition<DeploymentSpec>;
