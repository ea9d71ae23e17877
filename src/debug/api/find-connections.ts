/** The connections of the proxies that a request of the debug API asks about. */
import type {
  ListProxiesRequestJson,
  ListResourcesRequestJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { type Connection, connectionsOf, type Observed } from "../observed.js";
import { peerConnectedTo } from "./describe-peers.js";
import { servingIds } from "./serving-proxies.js";

/**
 * The connection of a proxy.
 * @throws CallRefused when it is not connected here
 */
export function findConnection(observed: Observed, id: string): Connection {
  const found = connectionsOf(observed).find(({ proxy }) => proxy.id === id);
  if (found !== undefined) return found;
  throw id === ""
    ? new CallRefused(status.NOT_FOUND, "the request names no proxy")
    : notConnected(id, observed);
}

/** The refusal of a question about a proxy that is not connected here: with the control plane that has it, or a guess. */
export function notConnected(id: string, observed: Observed): CallRefused {
  const elsewhere = peerConnectedTo(id, observed.peers());
  if (elsewhere !== undefined) {
    return new CallRefused(
      status.NOT_FOUND,
      `the proxy ${id} is connected to the control plane at ${elsewhere}: ask that`,
    );
  }
  const guess = didYouMean(id, connectedIds(observed));
  return new CallRefused(status.NOT_FOUND, `no proxy ${id} is connected${guess}`);
}

/** The ids of the proxies that are connected. */
export const connectedIds = (observed: Observed): readonly string[] =>
  connectionsOf(observed).map(({ proxy }) => proxy.id);

/** The connections of those proxies to which a request limits its question. */
export function wantedConnections(
  observed: Observed,
  wanted: ListProxiesRequestJson,
): readonly Connection[] {
  const isWanted = wantedProxy(observed, wanted);
  return connectionsOf(observed).filter(({ proxy }) => isWanted(proxy));
}

/** Whether a request asks about a proxy: by namespace, by the name of a pod or workload, and by what it serves. */
export function wantedProxy(
  observed: Observed,
  { namespace = "", name = "", service = "" }: ListProxiesRequestJson,
): (proxy: Proxy) => boolean {
  const serving = service === "" ? undefined : servingIds(observed.mesh(), service);
  return (proxy) =>
    (namespace === "" || proxy.namespace === namespace) &&
    (name === "" || [proxy.name, proxy.workloadName].includes(name)) &&
    serving?.has(proxy.id) !== false;
}

/**
 * The connections that are asked about: the one of a proxy, or all when a single resource is meant.
 * @throws CallRefused when neither is named
 */
export function connectionsFor(
  observed: Observed,
  { proxy = "", typeUrl = "", name = "" }: ListResourcesRequestJson,
): readonly Connection[] {
  if (proxy !== "") return [findConnection(observed, proxy)];
  if (typeUrl !== "" && name !== "") return connectionsOf(observed);
  throw new CallRefused(status.INVALID_ARGUMENT, "name a proxy, or a type and a resource");
}
