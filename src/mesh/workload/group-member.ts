/** The proxies that belong to a WorkloadGroup, and what they have of it. */

import type { Table } from "../../base/table/table.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import type { ResourceOf } from "../../config/kinds.js";
import { COMMAND_PROBE_METADATA, GROUP_METADATA } from "../../config/node-metadata.js";
import { keyOf, refOf } from "../../config/resource.js";
import type { Proxy } from "../proxy/proxy.js";
import { commandProbe, type Health, healthProbe } from "./health-probe.js";
import type { Workload } from "./workload.js";

/** The key of the WorkloadGroup that a proxy says it belongs to; undefined when it names none. */
function groupKeyOf({ namespace, metadata }: Proxy): string | undefined {
  const name = metadata[GROUP_METADATA] ?? "";
  return name === "" ? undefined : keyOf({ namespace, name });
}

type WorkloadGroup = ResourceOf<"WorkloadGroup">;

/** The group that a proxy belongs to. One of another service account than the proxy proved is not its own. */
export function groupOf(proxy: Proxy, groups: Table<WorkloadGroup>): WorkloadGroup | undefined {
  const key = groupKeyOf(proxy);
  const group = key === undefined ? undefined : groups.get(key);
  const { serviceAccount = proxy.serviceAccount } = group?.spec.template ?? {};
  return serviceAccount === proxy.serviceAccount ? group : undefined;
}

/** Who a member is, and where: what it says itself, else what its group says. */
function sharedWith(
  { spec: { template, metadata } }: WorkloadGroup,
  { labels, locality, network }: Pick<Proxy, "labels" | "locality" | "network">,
): Pick<Proxy, "labels" | "locality" | "network"> {
  return {
    labels: { ...metadata?.labels, ...template.labels, ...labels },
    locality: locality === "" ? (template.locality ?? "") : locality,
    network: network === "" ? (template.network ?? "") : network,
  };
}

/**
 * A proxy as a member of its group. Its node need not say what the group does: what is for the group's workloads is for it,
 * as callers find it by the same labels. See Istio, Proxy.SetWorkloadLabels.
 */
export function memberProxy(proxy: Proxy, group: WorkloadGroup | undefined): Proxy {
  return group === undefined ? proxy : { ...proxy, ...sharedWith(group, proxy) };
}

/** Why a proxy is no member of the group that it names; undefined of one that is, or names none. */
export function groupProblem(proxy: Proxy, groups: Table<WorkloadGroup>): string | undefined {
  const key = groupKeyOf(proxy);
  if (key === undefined || groupOf(proxy, groups) !== undefined) return undefined;
  const { namespace, serviceAccount } = proxy;
  const name = limitedAscii(proxy.metadata[GROUP_METADATA] ?? "");
  const group = groups.get(key);
  if (group === undefined) {
    return `it is of no group: there is no WorkloadGroup ${name} in namespace ${namespace}`;
  }
  const wanted = group.spec.template.serviceAccount ?? "";
  return `it is of no group: WorkloadGroup ${name} is of service account ${wanted}, and it has proved to be ${serviceAccount}`;
}

/** Whether an agent beside a proxy runs commands that ask how the application is. */
export const runsCommands = ({ metadata }: Pick<Proxy, "metadata">): boolean =>
  metadata[COMMAND_PROBE_METADATA] === "true";

/** Whether somebody asks the workloads of a group how they are. */
const isAsked = (group: WorkloadGroup, byCommands: boolean): boolean =>
  healthProbe(group) !== undefined || (byCommands && commandProbe(group) !== undefined);

/**
 * A workload that registered itself, with what the template of its group says and it does not. Where the group has a probe
 * it is ready once it is said to be healthy; a probe that nobody runs waits for nobody. See Istio, WorkloadGroup.
 */
export function groupedWorkload(
  workload: Workload,
  group: WorkloadGroup | undefined,
  health: Health | undefined,
  byCommands: boolean,
): Workload {
  if (group === undefined) return workload;
  const { template, probe } = group.spec;
  const { ports, weight } = template;
  const known = probe === undefined ? undefined : health;
  return {
    ...workload,
    ready: known?.healthy ?? !isAsked(group, byCommands),
    ...(known === undefined ? {} : { health: known }),
    ...sharedWith(group, workload),
    ports: ports ?? workload.ports,
    namedPorts: { ...workload.namedPorts, ...ports },
    weight: Math.max(1, weight ?? workload.weight),
    source: refOf(group),
  };
}
