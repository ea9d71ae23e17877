import type { TSchema } from "typebox";
import { writtenName } from "../config/kind-lookup.js";
import { lenient, type ValueOf } from "../config/kinds/value/fields.js";
import { KINDS } from "../config/kinds.js";
import { CustomResourceDefinition } from "./kinds/custom-resource-definition.js";
import { WebhookConfiguration } from "./kinds/webhook-configuration.js";

/** What analysis knows of a kind. */
interface AnalyzedKind {
  readonly kind: string;
  /** As in KindDefinition. */
  readonly writtenAs?: string;
  /** The API group; `""` for core. Its version does not matter. */
  readonly group: string;
  readonly clusterScoped?: boolean;
  /** As in KindDefinition. */
  readonly body: "spec" | "document";
  readonly schema: TSchema;
}

/** Kinds that mean nothing to the mesh, but something to who checks the files that also set up a cluster. */
const CLUSTER_KINDS = {
  CustomResourceDefinition: {
    kind: "CustomResourceDefinition",
    group: "apiextensions.k8s.io",
    clusterScoped: true,
    body: "spec",
    schema: CustomResourceDefinition,
  },
  MutatingWebhookConfiguration: {
    kind: "MutatingWebhookConfiguration",
    group: "admissionregistration.k8s.io",
    clusterScoped: true,
    body: "document",
    schema: WebhookConfiguration,
  },
  Node: { kind: "Node", group: "", clusterScoped: true, body: "spec", schema: lenient({}) },
  ValidatingWebhookConfiguration: {
    kind: "ValidatingWebhookConfiguration",
    group: "admissionregistration.k8s.io",
    clusterScoped: true,
    body: "document",
    schema: WebhookConfiguration,
  },
} as const satisfies Readonly<Record<string, AnalyzedKind>>;

/** The kinds of resources that analyzers look at. */
export const ANALYZED_KINDS = { ...KINDS, ...CLUSTER_KINDS } as const;

/** The name of a kind that analyzers look at. */
export type AnalyzedKindName = keyof typeof ANALYZED_KINDS;

/** What a resource of such a kind says when it is in order. */
export type AnalyzedSpecOf<K extends AnalyzedKindName> = ValueOf<
  (typeof ANALYZED_KINDS)[K]["schema"]
>;

/** The name of the kind that is called `kind` in an API group. */
export function analyzedKindOf(group: string, kind: string): AnalyzedKindName | undefined {
  return BY_GROUP.get(`${group}/${kind}`);
}

const BY_GROUP: ReadonlyMap<string, AnalyzedKindName> = new Map(
  Object.entries<AnalyzedKind>(ANALYZED_KINDS).map(([name, definition]) => [
    `${definition.group}/${writtenName(definition)}`,
    name as AnalyzedKindName,
  ]),
);
