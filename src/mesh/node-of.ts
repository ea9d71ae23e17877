import { NODE_METADATA } from "../config/node-metadata.js";
import type { Mesh } from "./mesh.js";
import type { Proxy } from "./proxy.js";
import { NODE_LABEL } from "./workload.js";

/**
 * The node that a proxy says it is on, else the one that its workload is on by what describes that; `""` when nobody says it.
 * See Istio, GetNodeName.
 */
export function nodeOf(
  { namespace, address, serviceAccount, labels, metadata }: Proxy,
  { workloadsByAddress }: Pick<Mesh, "workloadsByAddress">,
): string {
  const told = metadata[NODE_METADATA] ?? labels[NODE_LABEL];
  if (told !== undefined) return told;
  const there = [...(workloadsByAddress.get(`${namespace}|${address}`)?.values() ?? [])];
  return there.find((one) => one.serviceAccount === serviceAccount)?.node ?? "";
}
