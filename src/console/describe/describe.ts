/** What concerns one pod or one service: istioctl's `x describe`, from the mesh as it is in force. */
import type { ResourceRef } from "../../config/resource.js";
import { chooseService } from "../../mesh/choose-service.js";
import { gatewaysOf } from "../../mesh/gateway.js";
import type { Service } from "../../mesh/service.js";
import type { Workload } from "../../mesh/workload.js";
import { describePeerAuthentication } from "./peer-authentication.js";
import { describePolicies } from "./policies.js";
import { describeIngressOf, describeServiceOf, servicesOf, workloadsOf } from "./service.js";
import { findWorkload, indented, SEPARATOR, type Subject, shortName } from "./subject.js";

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
      ? [`WARNING: no Service selects pod ${shortName(subject, workload)}`]
      : []),
    ...parts.flatMap((lines) => [SEPARATOR, ...lines]),
    SEPARATOR,
    ...describePeerAuthentication(subject, workload),
    ...describePolicies(subject, workload, isGateway(subject, workload)),
    ...services.flatMap((service) => describeIngressOf(subject, service, [workload])),
  ];
}

function podLines(subject: Subject, workload: Workload): readonly string[] {
  const ports = Object.entries(workload.namedPorts).map(([name, port]) => `${port} (${name})`);
  return [
    `Pod: ${shortName(subject, workload)}`,
    ...indented([
      `Service account: ${workload.serviceAccount === "" ? "-" : workload.serviceAccount}`,
      ...healthLines(workload),
      ...(ports.length === 0 ? [] : [`Pod Ports: ${ports.join(", ")}`]),
      ...(workload.meshTls || isGateway(subject, workload)
        ? []
        : ["WARNING: it has no sidecar, so it is not part of the mesh"]),
    ]),
  ];
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
  const workloads = workloadsOf(subject.mesh, service);
  return [
    ...describeServiceOf(subject, service, workloads),
    ...(workloads.length === 0 ? ["WARNING: the service has no pods"] : []),
    ...describeIngressOf(subject, service, workloads),
  ];
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
