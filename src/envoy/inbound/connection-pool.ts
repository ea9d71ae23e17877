import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceRef } from "../../config/resource.js";
import type { OwnRule } from "../../mesh/routing/own-rules.js";
import { effectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { Service } from "../../mesh/service/service.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";

/** The limits on connections to a port, and what says them. */
export interface InboundPool {
  readonly pool: InboundPort["pool"];
  readonly sources: readonly ResourceRef[];
}

/** Finds the limits for a port of a service. */
export type PoolFinder = (
  service: Pick<Service, "hostname" | "namespace">,
  port: number,
) => InboundPool;

/** What the limits for a workload depend on. */
export interface PoolInputs {
  readonly sidecar: ResourceOf<"Sidecar"> | undefined;
  /** The rules for the services of the workload's namespace that limit connections, by hostname. */
  readonly rules: Table<readonly OwnRule[]> | undefined;
}

/** A finder of limits on connections to a workload: its Sidecar's, else those of the rule for the service. */
export function poolFinder({ sidecar, rules }: PoolInputs): PoolFinder {
  const ofSidecar = sidecar?.spec.inboundConnectionPool;
  return ({ hostname, namespace }, port) => {
    if (ofSidecar !== undefined) return { pool: ofSidecar, sources: [] };
    const own = rules?.get(hostname)?.find((one) => one.namespace === namespace);
    const pool = own && effectivePolicy(own, "", port).connectionPool;
    return { pool, sources: pool === undefined ? [] : (own?.sources ?? []) };
  };
}
