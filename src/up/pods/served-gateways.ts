/** Which Gateways the workloads of this machine serve. */
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceTables } from "../../config/snapshot.js";
import {
  type GatewayWorkload,
  namedServices,
  selectsWorkload,
} from "../../mesh/gateway/gateway.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../../mesh/hostname.js";
import { declared } from "../made/made.js";
import { selectsPods } from "./selects-pods.js";

/** Gateways that select a workload, or that name a Service in front of it, by namespace and name. */
export function servedGateways(
  tables: ResourceTables,
  workload: GatewayWorkload,
): readonly ResourceOf<"Gateway">[] {
  return declared(tables.Gateway).filter(
    (gateway) =>
      selectsWorkload(gateway, workload) || isInFront(tables, namedServices(gateway), workload),
  );
}

function isInFront(
  tables: ResourceTables,
  hosts: readonly string[] | undefined,
  workload: GatewayWorkload,
): boolean {
  if (hosts === undefined) return false;
  return declared(tables.Service).some(({ metadata, spec }) => {
    const { name, namespace } = metadata;
    const host = serviceHostname(name, namespace, DEFAULT_DOMAIN);
    return hosts.includes(host) && selectsPods(spec.selector, metadata, workload);
  });
}

/** The Gateways that say by labels whose they are, in place of all gateways or of Services. */
export function selectingGateways(tables: ResourceTables): readonly ResourceOf<"Gateway">[] {
  return declared(tables.Gateway).filter(({ spec }) => Object.keys(spec.selector ?? {}).length > 0);
}
