/** Clusters as EnvoyFilters change them. */
import type { JsonValue } from "@bufbuild/protobuf";
import type { ClusterJson } from "../api.js";
import { type CompiledPatch, isWanted } from "./compiled-patch.js";
import { merges } from "./list-operations.js";
import { mergeSocket } from "./merge-packed.js";
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
 * A patch with a transport socket changes this alone: where the cluster has several ways to connect, the first of its name,
 * for with both the way and the ways Envoy would refuse it. See Istio, mergeTransportSocketCluster.
 */
function mergeCluster(
  cluster: ClusterJson,
  patch: CompiledPatch,
  context: PatchContext,
): ClusterJson {
  const { transportSocket: socket } = patch.value as ClusterJson;
  if (socket === undefined) return merged(cluster, patch, context);
  const { transportSocket: own, transportSocketMatches: ways = [] } = cluster;
  if (ways.length === 0) return { ...cluster, transportSocket: mergeSocket(own, socket, context) };
  const first = ways.findIndex(({ transportSocket: way }) => way?.name === socket.name);
  return {
    ...cluster,
    transportSocketMatches: ways.map((way, index) =>
      index === first
        ? { ...way, transportSocket: mergeSocket(way.transportSocket, socket, context) }
        : way,
    ),
  };
}

/** Whether a patch is for a cluster. See Istio, EnvoyFilter.ClusterMatch. */
function matchesCluster(cluster: ClusterJson, { match }: CompiledPatch): boolean {
  const { name: wanted = "", portNumber, service = "", subset } = match.cluster ?? {};
  const { name = "" } = cluster;
  if (wanted !== "") return wanted === name;
  const [, port = "", ownSubset = ""] = partsOf(name);
  return (
    isWanted(subset, ownSubset) &&
    isWanted(portNumber, Number(port)) &&
    (service === "" || hostsOf(cluster).includes(service))
  );
}

/** The parts of `outbound|80|v1|HOST`, or of what mutual TLS is passed on by: `outbound_.80_.v1_.HOST`. */
const partsOf = (name: string): readonly string[] =>
  name.split(/^(?:in|out)bound_\./.test(name) ? "_." : "|");

/** The hosts that a cluster is for; of an inbound one the services that its metadata names. */
function hostsOf({ name = "", metadata }: ClusterJson): readonly string[] {
  const [direction, , , hostname] = partsOf(name);
  if (direction !== "inbound") return hostname === undefined ? [] : [hostname];
  const services = metadata?.filterMetadata?.["istio"]?.["services"];
  return Array.isArray(services) ? services.flatMap(hostOf) : [];
}

function hostOf(service: JsonValue): readonly string[] {
  if (typeof service !== "object" || service === null || Array.isArray(service)) return [];
  const { host } = service;
  return typeof host === "string" ? [host] : [];
}
