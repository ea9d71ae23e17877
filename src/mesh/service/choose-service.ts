import type { Table } from "../../base/table.js";
import { isVisible } from "../visibility.js";
import type { Service } from "./service.js";

/**
 * Which of two services of one host callers of a namespace mean before the other: one that few see, then the older one; one
 * without a time counts as older still. See Istio, PushContext.servicesExportedToNamespace.
 */
function compareServices(a: Service, b: Service): number {
  const orderOf = ({ exportTo, creationTimestamp, namespace }: Service): string =>
    `${exportTo.everyone ? 1 : 0} ${creationTimestamp} ${namespace}`;
  return orderOf(a) < orderOf(b) ? -1 : 1;
}

/**
 * The service of a host that callers mean: their own namespace's, else a Kubernetes Service, else the first; only of
 * those that `accepts` takes.
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
