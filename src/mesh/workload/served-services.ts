import type { Table } from "../../base/table/table.js";
import { selects } from "../labels.js";
import type { Proxy } from "../proxy/proxy.js";
import type { Service } from "../service/service.js";
import { serviceKey } from "./service-endpoints.js";

/** The services among which those of a proxy's workload are. */
export interface MaybeServed {
  readonly proxy: Pick<Proxy, "labels">;
  /** The services of the proxy's namespace. */
  readonly services: Table<Service> | undefined;
  /** The services that list the proxy's address. */
  readonly listing: Table<Service> | undefined;
}

const sortedValues = (table: Table<Service> | undefined): readonly Service[] =>
  (table?.sorted() ?? []).map(([, service]) => service);

/** The services that a proxy's workload serves: those that select it, and those that list its address. */
export function servedServices({ proxy, services, listing }: MaybeServed): readonly Service[] {
  const selecting = sortedValues(services).filter(
    ({ selector, external }) =>
      selector !== undefined && !external && selects(selector, proxy.labels),
  );
  const known = new Set(selecting.map(serviceKey));
  return [...selecting, ...sortedValues(listing).filter((one) => !known.has(serviceKey(one)))];
}
