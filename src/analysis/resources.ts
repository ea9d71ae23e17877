import { isMap } from "../base/is-map.js";
import { TextMap } from "../config/kinds/value/fields.js";
import type { WrittenResource } from "../config/written-resource.js";
import { type Draft, draftOf } from "./draft.js";
import { ResourceStatus } from "./kinds/resource-status.js";
import {
  ANALYZED_KINDS,
  type AnalyzedKindName,
  type AnalyzedSpecOf,
  analyzedKindOf,
} from "./kinds.js";

/** A resource as analyzers see it: what of it can be understood. */
export interface Analyzed<SpecDraft = unknown> {
  /** As it is written: that of the Gateway API's Gateway is `Gateway`. */
  readonly kind: string;
  readonly name: string;
  /** `default` when none is written, `""` for kinds without namespaces. */
  readonly namespace: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly spec: SpecDraft;
  readonly status: Draft<ResourceStatus>;
  readonly written: WrittenResource;
}

/** A resource of a kind. */
export type AnalyzedOf<K extends AnalyzedKindName> = Analyzed<Draft<AnalyzedSpecOf<K>>>;

/** The resources that are analyzed. */
export interface Resources {
  /** Those of a kind, in the order of the files. */
  readonly all: <K extends AnalyzedKindName>(kind: K) => readonly AnalyzedOf<K>[];
  /** Those of all kinds. */
  readonly everything: () => Iterable<Analyzed>;
  /** One of them; `namespace` is `""` for kinds without namespaces. */
  readonly find: <K extends AnalyzedKindName>(
    kind: K,
    namespace: string,
    name: string,
  ) => AnalyzedOf<K> | undefined;
}

/** The resources among what files have; of those of the same name the first counts. */
export function resourcesOf(written: readonly WrittenResource[]): Resources {
  const byKind = new Map<string, Map<string, Analyzed>>();
  for (const one of written) {
    const { kind, resource } = analyzedOf(one) ?? {};
    if (kind === undefined || resource === undefined) continue;
    const others = byKind.get(kind) ?? new Map<string, Analyzed>();
    byKind.set(kind, others);
    const key = keyOf(resource.namespace, resource.name);
    if (!others.has(key)) others.set(key, resource);
  }
  const lists = new Map([...byKind].map(([kind, others]) => [kind, [...others.values()]]));
  // Each is a draft by the schema of the kind under which it is.
  return {
    all: <K extends AnalyzedKindName>(kind: K) =>
      (lists.get(kind) ?? []) as unknown as readonly AnalyzedOf<K>[],
    everything: () => [...lists.values()].flat(),
    find: <K extends AnalyzedKindName>(kind: K, namespace: string, name: string) =>
      byKind.get(kind)?.get(keyOf(namespace, name)) as AnalyzedOf<K> | undefined,
  };
}

/** Namespaces of Kubernetes' own, of which Istio looks at nothing. */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "local-path-storage",
]);

/** `namespace/name`, or the name alone where there is no namespace. */
export function fullName({ namespace, name }: Pick<Analyzed, "namespace" | "name">): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function analyzedOf(
  written: WrittenResource,
): { readonly kind: AnalyzedKindName; readonly resource: Analyzed } | undefined {
  const { kind, document } = written;
  const { apiVersion, metadata } = document;
  if (typeof apiVersion !== "string" || !isMap(metadata)) return undefined;
  const group = apiVersion.slice(0, Math.max(0, apiVersion.lastIndexOf("/")));
  const name = analyzedKindOf(group, kind);
  if (name === undefined || typeof metadata["name"] !== "string") return undefined;
  const { body, schema, ...definition } = ANALYZED_KINDS[name];
  const isClusterScoped = "clusterScoped" in definition && definition.clusterScoped;
  const namespace = isClusterScoped ? "" : namespaceOf(metadata);
  if (SYSTEM_NAMESPACES.has(name === "Namespace" ? metadata["name"] : namespace)) return undefined;
  const resource: Analyzed = {
    kind,
    name: metadata["name"],
    namespace,
    labels: draftOf<TextMap>(TextMap, metadata["labels"]),
    annotations: draftOf<TextMap>(TextMap, metadata["annotations"]),
    spec: draftOf(schema, body === "spec" ? document["spec"] : document),
    status: draftOf<ResourceStatus>(ResourceStatus, document["status"]),
    written,
  };
  return { kind: name, resource };
}

function namespaceOf({ namespace }: Readonly<Record<string, unknown>>): string {
  return typeof namespace === "string" && namespace !== "" ? namespace : "default";
}
