import type { KindDefinition } from "../kind.js";
import { lenient, type ValueOf } from "./fields.js";

/** Nothing of a Namespace but its metadata is read. */
export type NamespaceBody = ValueOf<typeof NamespaceBody>;
export const NamespaceBody = lenient({});

/** Kubernetes' Namespace: its labels say whether workloads get a sidecar. */
export const namespace = {
  kind: "Namespace",
  group: "",
  versions: ["v1"],
  clusterScoped: true,
  body: "document",
  schema: NamespaceBody,
} as const satisfies KindDefinition<NamespaceBody>;
