/** The other control planes of the mesh, as the debug API describes them. */
import type { PeerJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { ObservedPeer } from "../observed.js";

/** With those of their proxies that are wanted. */
export function describePeers(
  peers: readonly ObservedPeer[],
  isWanted: (proxy: Proxy) => boolean,
): PeerJson[] {
  return peers.map((peer) => {
    const { address, isFollowing, controlPlane, problem } = peer;
    const { name: id = "", version = "" } = controlPlane ?? {};
    const proxies = connectedAt(peer)
      .filter(isWanted)
      .map(({ id: proxy, clusterId, istioVersion }) => ({ id: proxy, clusterId, istioVersion }));
    return { address, id, version, followed: isFollowing, problem: problem ?? "", proxies };
  });
}

/** Where a proxy is connected that is not so here; undefined when nobody says so. */
export function peerConnectedTo(id: string, peers: readonly ObservedPeer[]): string | undefined {
  return peers.find((peer) => connectedAt(peer).some((proxy) => proxy.id === id))?.address;
}

function connectedAt({ registrations }: ObservedPeer): readonly Proxy[] {
  return [...registrations.values()]
    .flatMap(({ proxy, presence }) => (presence === "connected" ? [proxy] : []))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
