import type { KindDefinition } from "../../kind.js";
import { lenient, type TextMap, type ValueOf } from "../value/fields.js";

/** Nothing of a Namespace but its metadata is read. */
export type NamespaceBody = ValueOf<typeof NamespaceBody>;
export const NamespaceBody = lenient({});

/** Kubernetes gives each namespace its own name as a label. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

/** The labels of a namespace: those that a file gives it, if one declares it, and its name. */
export const labelsOfNamespace = (name: string, declared?: TextMap): TextMap => ({
  ...declared,
  [NAMESPACE_NAME_LABEL]: name,
});

/** Kubernetes' Namespace: its labels say whether workloads get a sidecar, and may say whether it is of the mesh at all. */
export const namespace = {
  kind: "Namespace",
  group: "",
  versions: ["v1"],
  shortNames: ["ns"],
  clusterScoped: true,
  body: "document",
  schema: NamespaceBody,
} as const satisfies KindDefinition<NamespaceBody>;
