/** `describe`: a service with its ports, and what applies to its callers. */
import { type Labels, selects } from "../../mesh/labels.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import type { Service } from "../../mesh/service/service.js";
import { viewOfHost } from "../../mesh/view/caller-views.js";
import { serviceKey, targetPortOf } from "../../mesh/workload/service-endpoints.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { describeDestinationRule, matchSubsets } from "./destination-rule.js";
import { describeFaulty } from "./faulty.js";
import { describeGateways } from "./gateways.js";
import { indented, placeOf, type Subject, shortName } from "./subject.js";
import { describeTraffic } from "./traffic.js";
import { describeVirtualService, type Target, virtualServiceAt } from "./virtual-service.js";

/** A service that some workloads serve: its ports, and what applies to those who call it. */
export function describeServiceOf(
  subject: Subject,
  service: Service,
  workloads: readonly Workload[],
): readonly string[] {
  const [first] = workloads;
  const view = viewOfHost(subject.mesh, service.hostname, first?.namespace ?? service.namespace);
  const target = targetOf(subject, service, workloads);
  return [
    `Service: ${shortName(subject, service)}${placeOf(subject, service.source)}`,
    ...indented([
      ...describePorts(service, first),
      ...describeTraffic(subject, service, view?.rule),
    ]),
    ...(view?.rule === undefined
      ? []
      : describeDestinationRule(subject, view.rule, target.subsets)),
    ...(view?.virtualServices ?? [])
      .map((one) => virtualServiceAt(subject, one, MESH_GATEWAY))
      .flatMap((one) => describeVirtualService(subject, one, target)),
    ...describeFaulty(subject, service.hostname),
  ];
}

/** How a service that some workloads serve can be reached from outside. */
export function describeIngressOf(
  subject: Subject,
  service: Service,
  workloads: readonly Workload[],
): readonly string[] {
  return describeGateways(subject, targetOf(subject, service, workloads));
}

function targetOf(
  { mesh }: Subject,
  { hostname, namespace }: Service,
  workloads: readonly Workload[],
): Target {
  const rule = viewOfHost(mesh, hostname, namespace)?.rule;
  const pods: readonly Labels[] = workloads.map(({ labels }) => labels);
  return { hostname, subsets: matchSubsets(rule, pods) };
}

function describePorts({ ports }: Service, workload: Workload | undefined): readonly string[] {
  return ports
    .filter(({ protocol }) => protocol !== "UDP")
    .map((port) => {
      const target = workload === undefined ? undefined : targetPortOf(workload, port);
      const protocol = port.protocol === "Unsupported" ? "auto-detect" : port.protocol;
      const head = `Port: ${port.name} ${port.number}/${protocol}`.replace(":  ", ": ");
      return target === undefined
        ? `${head} has no port ${port.targetPort} of the pod to lead to`
        : `${head} targets pod port ${target}`;
    });
}

/** The services that a workload serves, or would if it were ready, by host. */
export function servicesOf({ mesh }: Subject, workload: Workload): readonly Service[] {
  return mesh.services
    .sorted()
    .map(([, service]) => service)
    .filter(({ namespace }) => namespace === workload.namespace)
    .filter(
      (service) =>
        workloadsOf(mesh, service).includes(workload) || isUnready(mesh, service, workload),
    );
}

/** The workloads that serve a service. */
export function workloadsOf(mesh: Subject["mesh"], service: Service): readonly Workload[] {
  return mesh.endpoints.get(service.hostname)?.get(serviceKey(service)) ?? [];
}

/** The workloads that a service selects, and leaves out as they are not ready. */
export function unreadyOf(mesh: Subject["mesh"], service: Service): readonly Workload[] {
  return [...mesh.workloadsByAddress.values()]
    .flatMap((workloads) => [...workloads.values()])
    .filter((workload) => isUnready(mesh, service, workload));
}

function isUnready(mesh: Subject["mesh"], service: Service, workload: Workload): boolean {
  const { selector = {}, namespace } = service;
  const isSelected =
    Object.keys(selector).length > 0 &&
    namespace === workload.namespace &&
    selects(selector, workload.labels);
  return isSelected && !workload.ready && !workloadsOf(mesh, service).includes(workload);
}
