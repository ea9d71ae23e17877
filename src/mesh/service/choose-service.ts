import type { Table } from "../../base/table/table.js";
import { isVisible } from "../../config/visibility.js";
import type { Service } from "./service.js";

/**
 * The order of the services of one host for callers: first those that are exported to few namespaces, then the older ones; one
 * without a creation time counts as the oldest. See Istio, PushContext.servicesExportedToNamespace.
 */
function compareServices(a: Service, b: Service): number {
  const orderOf = ({ exportTo, creationTimestamp, namespace }: Service): string =>
    `${exportTo.everyone ? 1 : 0} ${creationTimestamp} ${namespace}`;
  return orderOf(a) < orderOf(b) ? -1 : 1;
}

/**
 * The service that callers of a namespace reach by a host: that of their own namespace, else a Kubernetes Service, else the
 * first. Only services that they see and that `accepts` takes are considered.
 */
export function chooseService(
  group: Table<Service> | undefined,
  namespace: string,
  accepts: (service: Service) => boolean = () => true,
): Service | undefined {
  if (group === undefined) return undefined;
  const visible = [...group.values()]
    .filter((service) => isVisible(service.exportTo, namespace) && accepts(service))
    .sort(compareServices);
  return (
    visible.find((service) => service.namespace === namespace) ??
    visible.find((service) => service.kubernetes) ??
    visible[0]
  );
}
