/** The pods that are to run. */

import type { Container } from "../../config/kinds/kubernetes/pod-template.js";
import { endpointPort } from "../../config/kinds/networking/service-entry.js";
import type { IstioIngressListener } from "../../config/kinds/networking/sidecar/sidecar-ingress.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { Labels } from "../../mesh/labels.js";
import { declared } from "../made/made.js";
import { UpError } from "../up-error.js";
import { MAX_PODS } from "./addresses.js";
import type { PodProxy } from "./proxy-kind.js";
import type { ProxyStart } from "./proxy-start.js";
import { selectsPods } from "./selects-pods.js";
import type { LocalWorkload } from "./workloads.js";

/** One replica of a workload. */
export interface LocalPod extends ProxyStart {
  readonly name: string;
  readonly namespace: string;
  readonly workloadName: string;
  /** Of the resource that declares it. */
  readonly workloadKind: LocalWorkload["kind"];
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly containers: readonly Container[];
  readonly proxy: PodProxy;
  /** Where its application listens, in ascending order: the ports of its containers and those that services and a Sidecar send to. */
  readonly appPorts: readonly number[];
}

/** `NAME.NAMESPACE`, by which people and the control plane call a pod. */
export function podId(pod: Pick<LocalPod, "name" | "namespace">): string {
  return `${pod.name}.${pod.namespace}`;
}

/**
 * All replicas of the workloads, each named `WORKLOAD-N`.
 * @throws UpError for more than have addresses: a number may be anything, and each pod takes memory
 */
export function podsOf(
  tables: ResourceTables,
  workloads: readonly LocalWorkload[],
): readonly LocalPod[] {
  const pods = new Map<string, LocalPod>();
  for (const workload of workloads) {
    if (pods.size + workload.replicas > MAX_PODS) throw tooMany(workload);
    const appPorts = workload.proxy === "router" ? [] : appPortsOf(tables, workload);
    for (let i = 0; i < workload.replicas; i++) {
      const pod = renamed(replica(workload, i, appPorts), i, (id) => pods.has(id));
      pods.set(podId(pod), pod);
    }
  }
  return [...pods.values()];
}

/** A Deployment and a StatefulSet may share a name, and others be called as the pods of the later one are for that. */
function renamed(pod: LocalPod, index: number, isTaken: (id: string) => boolean): LocalPod {
  let { name } = pod;
  let suffix = "";
  while (isTaken(podId({ ...pod, name }))) {
    suffix += `-${pod.workloadKind.toLowerCase()}`;
    name = `${pod.workloadName}${suffix}-${index}`;
  }
  return { ...pod, name };
}

const tooMany = ({ kind, name, namespace, replicas }: LocalWorkload): UpError =>
  new UpError(
    "too-many-pods",
    `${kind} ${name}.${namespace} is to have ${replicas} pods: with all others there can be ${MAX_PODS} on one machine`,
    "give it fewer replicas",
  );

function replica(workload: LocalWorkload, index: number, appPorts: readonly number[]): LocalPod {
  const { name, namespace, labels, serviceAccount, containers, proxy } = workload;
  return {
    name: `${name}-${index}`,
    namespace,
    workloadName: name,
    workloadKind: workload.kind,
    labels,
    serviceAccount,
    containers,
    proxy,
    nodeMetadata: workload.nodeMetadata,
    concurrency: workload.concurrency,
    settings: workload.settings,
    naming: workload.naming,
    statistics: workload.statistics,
    makesMetrics: workload.makesMetrics,
    appPorts,
  };
}

function appPortsOf(tables: ResourceTables, workload: LocalWorkload): readonly number[] {
  const containerPorts = workload.containers.flatMap((container) => container.ports ?? []);
  const fromServices = declared(tables.Service)
    .filter(({ spec, metadata }) => selectsPods(spec.selector, metadata, workload))
    .flatMap((service) => targetPorts(service));
  const fromEntries = declared(tables.ServiceEntry)
    .filter(({ spec, metadata }) => selectsPods(spec.workloadSelector?.labels, metadata, workload))
    .flatMap(({ spec }) => (spec.ports ?? []).map(endpointPort));
  const fromSidecars = declared(tables.Sidecar)
    .filter(({ spec, metadata }) => selectsPods(spec.workloadSelector?.labels, metadata, workload))
    .flatMap(({ spec }) => (spec.ingress ?? []).map(ingressPort));
  const ports = [
    ...containerPorts
      .filter(({ protocol }) => (protocol ?? "TCP") === "TCP")
      .map(({ containerPort }) => containerPort),
    ...fromSidecars,
    ...[...fromServices, ...fromEntries].map((port) =>
      typeof port === "number"
        ? port
        : containerPorts.find(({ name }) => name === port)?.containerPort,
    ),
  ];
  return [...new Set(ports.filter((port) => port !== undefined))].sort((a, b) => a - b);
}

/** The port of an application that takes what a Sidecar lets in; undefined for a socket that is a file. */
function ingressPort({ port, defaultEndpoint = "" }: IstioIngressListener): number | undefined {
  if (defaultEndpoint === "") return port.number;
  const [, endpoint] = /^(?!unix:).*:(\d+)$/.exec(defaultEndpoint) ?? [];
  return endpoint === undefined ? undefined : Number(endpoint);
}

function targetPorts({ spec }: ResourceOf<"Service">): readonly (number | string)[] {
  return (spec.ports ?? [])
    .filter(({ protocol }) => (protocol ?? "TCP") === "TCP")
    .map((port) => port.targetPort ?? port.port);
}
