import type { Mesh } from "../../mesh/mesh.js";
import { serviceKey } from "../../mesh/workload/service-endpoints.js";

/** The ids of the workloads that serve a service, `NAME.NAMESPACE`; none when there is no such service. */
export function servingIds(
  { servicesByNamespace, endpoints }: Pick<Mesh, "servicesByNamespace" | "endpoints">,
  service: string,
): ReadonlySet<string> {
  const dot = service.lastIndexOf(".");
  const [name, namespace] = [service.slice(0, dot), service.slice(dot + 1)];
  const services = [...(servicesByNamespace.get(namespace)?.values() ?? [])];
  const workloads = services
    .filter((one) => one.name === name)
    .flatMap((one) => endpoints.get(one.hostname)?.get(serviceKey(one)) ?? []);
  return new Set(workloads.map((one) => `${one.name}.${one.namespace}`));
}
