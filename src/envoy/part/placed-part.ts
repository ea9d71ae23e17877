/**
 * What callers of one place are sent: the clusters and endpoints of their scope, where those of the hosts whose endpoints
 * are preferred by where the caller is are in the order of that place.
 */
import type { Engine } from "../../base/engine.js";
import type { Place } from "../../mesh/locality-balancing.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { EnvoyResource } from "../resource-set.js";
import {
  type ClusterBuilders,
  createClusterRows,
  createEndpointRows,
} from "./outbound-clusters.js";
import type { OutboundPart } from "./outbound-part.js";

/** What of a scope's part depends on where the caller is. */
export type PlacedPart = Pick<OutboundPart, "clusters" | "endpoints">;

/** The builder of one place's part. */
export function createPlacedPart(
  engine: Engine,
  shared: ClusterBuilders,
): (mesh: Mesh, place: Place, part: OutboundPart) => PlacedPart {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const clustersOver = engine.overlay<EnvoyResource>("clusters of a place");
  const endpointsOver = engine.overlay<EnvoyResource>("endpoints of a place");
  return (mesh, place, part) => {
    const { client, placedViews } = part;
    if (placedViews.size === 0) return part;
    const caller = shared.callerOf(place, client.localitySetting);
    return {
      clusters: clustersOver(part.clusters, clusters(placedViews, mesh, { client, caller }).all),
      endpoints: endpointsOver(part.endpoints, endpoints(placedViews, mesh, caller).all),
    };
  };
}
