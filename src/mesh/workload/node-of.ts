import type { Table } from "../../base/table/table.js";
import { NODE_METADATA } from "../../config/node-metadata.js";
import type { Proxy } from "../proxy/proxy.js";
import { NODE_LABEL, type Workload } from "./workload.js";

/**
 * The node that a proxy says it is on, else the one that its workload is on by what describes that, of the
 * workloads at its address; `""` when nobody says it. See Istio, GetNodeName.
 */
export function nodeOf(
  { serviceAccount, labels, metadata }: Proxy,
  workloads: Table<Workload> | undefined,
): string {
  const told = metadata[NODE_METADATA] ?? labels[NODE_LABEL];
  if (told !== undefined) return told;
  const there = [...(workloads?.values() ?? [])];
  return there.find((one) => one.serviceAccount === serviceAccount)?.node ?? "";
}
