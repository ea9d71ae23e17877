/** What is to run, as the files say it. */

import type { Container, PodTemplate } from "../../config/kinds/kubernetes/pod-template.js";
import type { ResourceOf } from "../../config/kinds.js";
import { NODE_METADATA } from "../../config/node-metadata.js";
import type { ConfigResource } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { Labels } from "../../mesh/labels.js";
import { declared } from "../made/made.js";
import { type PodProxy, podProxy } from "./proxy-kind.js";
import { type ProxyStart, proxyStart } from "./proxy-start.js";

/** A number of interchangeable pods. */
export interface LocalWorkload extends ProxyStart {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet" | "Pod";
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  /** The labels of its pods. */
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly containers: readonly Container[];
  readonly proxy: PodProxy;
}

/** A workload as the files have it. */
export interface Declaration extends Pick<LocalWorkload, "kind" | "replicas"> {
  readonly resource: ConfigResource;
  readonly template: PodTemplate;
}

/** The workloads that the files declare, by kind, namespace and name. */
export function declaredWorkloads(tables: ResourceTables): readonly LocalWorkload[] {
  return declarationsIn(tables).map((declaration) => workloadOf(tables, declaration));
}

/** Where they are declared. */
export function declarationsIn(tables: ResourceTables): readonly Declaration[] {
  return [
    ...declared(tables.Deployment).map((resource) => replicated("Deployment", resource)),
    ...declared(tables.StatefulSet).map((resource) => replicated("StatefulSet", resource)),
    ...declared(tables.DaemonSet).map((resource) => onEachMachine(resource)),
    ...declared(tables.Pod).filter(isUnplaced).map(barePod),
  ];
}

function replicated(
  kind: "Deployment" | "StatefulSet",
  resource: ResourceOf<"Deployment" | "StatefulSet">,
): Declaration {
  const { replicas, template } = resource.spec;
  return { kind, replicas: replicas ?? 1, resource, template };
}

/** This machine is the only one. */
function onEachMachine(resource: ResourceOf<"DaemonSet">): Declaration {
  return { kind: "DaemonSet", replicas: 1, resource, template: resource.spec.template };
}

/** A Pod that has an address runs elsewhere. */
function isUnplaced({ status }: ResourceOf<"Pod">): boolean {
  return status?.podIP === undefined && status?.podIPs === undefined;
}

/** A Pod as the only one of its workload. */
export function barePod(resource: ResourceOf<"Pod">): Declaration {
  const { labels, annotations } = resource.metadata;
  const template = { metadata: { labels, annotations }, spec: resource.spec };
  return { kind: "Pod", replicas: 1, resource, template };
}

function workloadOf(
  tables: ResourceTables,
  { kind, replicas, resource, template }: Declaration,
): LocalWorkload {
  const { name, namespace } = resource.metadata;
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const spec = template.spec ?? {};
  const { nodeMetadata, ...start } = proxyStart(tables, { namespace, labels, annotations });
  const node = spec.nodeName ?? "";
  return {
    kind,
    name,
    namespace,
    replicas,
    labels,
    serviceAccount: spec.serviceAccountName ?? spec.serviceAccount ?? "default",
    containers: spec.containers ?? [],
    proxy: podProxy(tables, namespace, template).proxy,
    ...start,
    nodeMetadata: { ...(node === "" ? {} : { [NODE_METADATA]: node }), ...nodeMetadata },
  };
}

/** The namespaces that have workloads and are declared by no file, sorted. */
export function undeclaredNamespaces(
  tables: ResourceTables,
  workloads: readonly LocalWorkload[],
): readonly string[] {
  const names = new Set(workloads.map((workload) => workload.namespace));
  return [...names].filter((name) => !tables.Namespace.has(`/${name}`)).sort();
}

/**
 * The workload of which a pod is a replica: the one with its name, or the longest name of which it is `NAME-SOMETHING`;
 * undefined when there is none.
 */
export function workloadOfPod<Workload extends Pick<LocalWorkload, "name" | "namespace">>(
  workloads: readonly Workload[],
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Workload | undefined {
  return workloads
    .filter((one) => one.namespace === namespace)
    .filter((one) => name === one.name || name.startsWith(`${one.name}-`))
    .sort((a, b) => b.name.length - a.name.length)[0];
}
