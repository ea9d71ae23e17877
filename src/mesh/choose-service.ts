import type { Table } from "../base/table.js";
import type { Service } from "./service.js";
import { isVisible } from "./visibility.js";

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
  const visible = group
    .sorted()
    .map(([, service]) => service)
    .filter((service) => isVisible(service.exportTo, namespace) && accepts(service));
  return (
    visible.find((service) => service.namespace === namespace) ??
    visible.find((service) => service.kubernetes) ??
    visible[0]
  );
}
