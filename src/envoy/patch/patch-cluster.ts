/** Clusters as EnvoyFilters change them. */
import type { JsonValue } from "@bufbuild/protobuf";
import type { ClusterJson, TransportSocketJson } from "../api.js";
import { type CompiledPatch, isWanted } from "./compiled-patch.js";
import { merges } from "./list-operations.js";
import { merged, type PatchContext } from "./patch-message.js";

/** A cluster after the patches of its side; undefined when one removes it. */
export function patchCluster(cluster: ClusterJson, context: PatchContext): ClusterJson | undefined {
  let result = cluster;
  for (const patch of context.patches.CLUSTER.filter((one) => matchesCluster(cluster, one))) {
    if (patch.operation === "REMOVE") return undefined;
    if (merges(patch)) result = mergeCluster(result, patch, context);
  }
  return result;
}

/**
 * Where a cluster has several ways to connect, a transport socket of a patch is for the one of its name; were it merged
 * as others are, the cluster would have both, which Envoy refuses.
 */
function mergeCluster(
  cluster: ClusterJson,
  patch: CompiledPatch,
  context: PatchContext,
): ClusterJson {
  const { transportSocket: socket, ...rest } = patch.value as ClusterJson;
  const { transportSocketMatches: matches = [] } = cluster;
  if (socket === undefined || matches.length === 0) return merged(cluster, patch, context);
  const withRest = merged(cluster, { ...patch, value: { ...rest } }, context);
  const mergeSocket = (old: TransportSocketJson): TransportSocketJson =>
    merged<ClusterJson>(
      { transportSocket: old },
      { ...patch, value: { transportSocket: socket } },
      context,
    ).transportSocket ?? old;
  return {
    ...withRest,
    transportSocketMatches: matches.map((one) =>
      one.transportSocket?.name === socket.name && one.transportSocket !== undefined
        ? { ...one, transportSocket: mergeSocket(one.transportSocket) }
        : one,
    ),
  };
}

/** Whether a patch is for a cluster. See Istio, EnvoyFilter.ClusterMatch. */
function matchesCluster(cluster: ClusterJson, { match }: CompiledPatch): boolean {
  const { name: wanted = "", portNumber, service = "", subset } = match.cluster ?? {};
  const { name = "" } = cluster;
  if (wanted !== "") return wanted === name;
  const [, port = "", ownSubset = ""] = name.split("|");
  return (
    isWanted(subset, ownSubset) &&
    isWanted(portNumber, Number(port)) &&
    (service === "" || hostsOf(cluster).includes(service))
  );
}

/** The hosts that a cluster is for; of an inbound one the services that its metadata names. */
function hostsOf({ name = "", metadata }: ClusterJson): readonly string[] {
  const [direction, , , hostname] = name.split("|");
  if (direction !== "inbound") return hostname === undefined ? [] : [hostname];
  const services = metadata?.filterMetadata?.["istio"]?.["services"];
  return Array.isArray(services) ? services.flatMap(hostOf) : [];
}

function hostOf(service: JsonValue): readonly string[] {
  if (typeof service !== "object" || service === null || Array.isArray(service)) return [];
  const { host } = service;
  return typeof host === "string" ? [host] : [];
}
