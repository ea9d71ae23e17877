/** What concerns one pod or one service: istioctl's `x describe`, from the mesh as it is in force. */
import type { Container } from "../../config/kinds/kubernetes/pod-template.js";
import { keyOf, type ResourceRef } from "../../config/resource.js";
import { gatewaysOf } from "../../mesh/gateway/gateway.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import type { Service } from "../../mesh/service/service.js";
import { groupProblem } from "../../mesh/workload/group-member.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { describePeerAuthentication } from "./peer-authentication.js";
import { describePolicies } from "./policies.js";
import {
  describeIngressOf,
  describeServiceOf,
  servicesOf,
  unreadyOf,
  workloadsOf,
} from "./service.js";
import { findWorkload, indented, placeOf, SEPARATOR, type Subject, shortName } from "./subject.js";

type Name = Pick<ResourceRef, "name" | "namespace">;

/** A pod: the services that it serves, how it is called, from where; undefined when there is no such pod. */
export function describePod(subject: Subject, name: Name): readonly string[] | undefined {
  const workload = findWorkload(subject, name);
  if (workload === undefined) return undefined;
  const services = servicesOf(subject, workload);
  const parts = services.map((service) => describeServiceOf(subject, service, [workload]));
  return [
    ...podLines(subject, workload),
    ...(services.length === 0
      ? unmeshed(subject, [`WARNING: no Service selects pod ${shortName(subject, workload)}`])
      : notReadyLines(subject, services, workload)),
    ...parts.flatMap((lines) => [SEPARATOR, ...lines]),
    SEPARATOR,
    ...describePeerAuthentication(subject, workload),
    ...describePolicies(subject, workload, isGateway(subject, workload)),
    ...services.flatMap((service) => describeIngressOf(subject, service, [workload])),
  ];
}

/** What follows from a pod's not being ready, for the services that ask for pods that are. */
function notReadyLines(
  { mesh }: Subject,
  services: readonly Service[],
  workload: Workload,
): readonly string[] {
  const isLeftOut = services.some((service) => unreadyOf(mesh, service).includes(workload));
  return isLeftOut ? ["WARNING: nobody calls it while it is not ready"] : [];
}

function podLines(subject: Subject, workload: Workload): readonly string[] {
  return [
    `Pod: ${shortName(subject, workload)}`,
    ...indented([
      `Service account: ${workload.serviceAccount === "" ? "-" : workload.serviceAccount}`,
      ...groupLines(subject, workload),
      ...healthLines(workload),
      ...portsLines(subject, workload),
      ...(isMeshed(subject, workload)
        ? []
        : unmeshed(subject, ["WARNING: it has no sidecar, so it is not part of the mesh"])),
    ]),
  ];
}

/** The ports of the containers of a Pod, with their names; of what is none the ports that have names. */
function portsLines({ snapshot }: Subject, workload: Workload): readonly string[] {
  const pod = snapshot.tables.Pod.get(keyOf(workload));
  const ports =
    pod === undefined
      ? Object.entries(workload.namedPorts).map(([name, port]) => `${port} (${name})`)
      : (pod.spec.containers ?? []).flatMap(containerPorts);
  if (ports.length > 0) return [`Pod Ports: ${ports.join(", ")}`];
  return pod === undefined ? [] : ["Pod does not expose ports"];
}

const containerPorts = ({ name, ports = [] }: Container): readonly string[] =>
  ports.map(({ containerPort, protocol = "TCP" }) => {
    const suffix = protocol === "TCP" ? "" : `/${protocol}`;
    return `${containerPort}${suffix} (${name})`;
  });

/** Lines about what is not in the mesh, for who wants to know. */
const unmeshed = ({ ignoresUnmeshed }: Subject, lines: readonly string[]): readonly string[] =>
  ignoresUnmeshed ? [] : lines;

const isMeshed = (subject: Subject, workload: Workload): boolean =>
  workload.meshTls || isGateway(subject, workload);

/** The group that it is of, or why it is none of the one that its proxy names. */
function groupLines(subject: Subject, { name, namespace, source }: Workload): readonly string[] {
  if (source?.kind === "WorkloadGroup") {
    return [`WorkloadGroup: ${shortName(subject, source)}${placeOf(subject, source)}`];
  }
  const proxy = subject.proxies.find((one) => one.name === name && one.namespace === namespace);
  const problem = proxy && groupProblem(proxy, subject.mesh.groups);
  return problem === undefined ? [] : [`WARNING: ${problem}`];
}

/** What the probe of its WorkloadGroup found out; nothing of one that is ready unasked. */
function healthLines({ health, ready }: Workload): readonly string[] {
  if (health === undefined) return ready ? [] : ["Health: not ready"];
  if (health.healthy) return ["Health: healthy"];
  return [`Health: unhealthy${health.reason === "" ? "" : ` (${health.reason})`}`];
}

/** Whether a workload is one that Gateways select. */
const isGateway = ({ mesh }: Subject, workload: Workload): boolean =>
  gatewaysOf(mesh.gateways, workload, []).length > 0;

/** A service: its ports, its pods' subsets, what applies to it; undefined when there is no such service. */
export function describeService(subject: Subject, name: Name): readonly string[] | undefined {
  const service = findService(subject, name);
  if (service === undefined) return undefined;
  const unready = unreadyOf(subject.mesh, service);
  const workloads = [...workloadsOf(subject.mesh, service), ...unready];
  return [
    ...describeServiceOf(subject, service, workloads),
    ...podsLines(subject, workloads, unready),
    ...(service.external ? [] : unmeshed(subject, unmeshedLines(subject, workloads))),
    ...describeIngressOf(subject, service, workloads),
  ];
}

/** The pods of a service that nobody calls. */
function podsLines(
  subject: Subject,
  workloads: readonly Workload[],
  unready: readonly Workload[],
): readonly string[] {
  if (workloads.length === 0) return ["WARNING: the service has no pods"];
  if (unready.length === 0) return [];
  const which = unready.length === workloads.length ? "none of its pods is" : "pods that are not";
  const names = unready.map((one) => shortName(subject, one)).join(", ");
  return [`WARNING: ${which} ready: ${names}`];
}

/** The pods of a service to which no mutual TLS comes. */
function unmeshedLines(subject: Subject, workloads: readonly Workload[]): readonly string[] {
  const without = workloads.filter((one) => !isMeshed(subject, one));
  if (without.length === 0) return [];
  if (without.length === workloads.length) {
    return ["WARNING: none of its pods has a sidecar, so they are not part of the mesh"];
  }
  const names = without.map((one) => shortName(subject, one)).join(", ");
  return [`WARNING: pods without a sidecar, which are not part of the mesh: ${names}`];
}

/** By its name, or by its host, which need not be of that namespace, or what a caller may write for that. */
function findService({ mesh }: Subject, { name, namespace }: Name): Service | undefined {
  const services = [...(mesh.servicesByNamespace.get(namespace)?.values() ?? [])];
  const host = `${name}.${namespace}.svc.${mesh.resolver.domain}`;
  return (
    services.find((service) => service.name === name) ??
    [name, host].flatMap((one) => chooseService(mesh.servicesByHost.get(one), namespace) ?? [])[0]
  );
}
