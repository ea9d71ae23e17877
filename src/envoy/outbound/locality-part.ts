/**
 * The clusters and endpoints of a scope as the callers at one place are sent them: hosts with locality load balancing ("placed"
 * hosts) have their endpoints in the order that the place prefers.
 */
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Place } from "../../mesh/routing/locality-balancing.js";
import type { HostView } from "../../mesh/view/host-view.js";
import type { EnvoyResource } from "../resource/resource-set.js";
import {
  type ClusterBuilders,
  type ClusterCaller,
  type ClusterRows,
  createClusterRows,
  createEndpointRows,
} from "./clusters.js";
import { createReplacement, createRowsUnion } from "./host-rows.js";
import type { CommonPart, OutboundPart, SharedBuilders } from "./outbound-part.js";

/** What of a scope's part depends on the place of the caller. */
export type PlacedPart = Pick<OutboundPart, "clusters" | "endpoints">;

/** The builder of the rows of some hosts for callers of a place, from those of the hosts that are not placed. */
function createRowsOfPlace(
  engine: Engine,
  shared: ClusterBuilders,
): (
  mesh: Mesh,
  placed: Table<HostView>,
  unplaced: ClusterRows,
  caller: ClusterCaller,
) => ClusterRows {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const allClusters = createRowsUnion<EnvoyResource>(engine);
  const allEndpoints = createRowsUnion<EnvoyResource>(engine);
  return (mesh, placed, unplaced, caller) => ({
    clusters: allClusters(unplaced.clusters, clusters(placed, mesh, caller)),
    endpoints: engine.lazy(() =>
      allEndpoints(unplaced.endpoints.get(), endpoints(placed, mesh, caller)),
    ),
  });
}

/** The builder of the common rows for callers of one place. */
export function createCommonRowsOfPlace(
  engine: Engine,
  shared: ClusterBuilders,
): (mesh: Mesh, place: Place, common: CommonPart) => ClusterRows {
  const rows = createRowsOfPlace(engine, shared);
  return (mesh, place, { rows: unplaced, placedViews, client }) => {
    const caller = shared.callerOf(place, client.placing);
    return rows(mesh, placedViews, unplaced, { client, caller });
  };
}

/** The builder of one place's part for a scope that has a common part: that part's rows, and its own in their place. */
export function createPlacedPart(
  engine: Engine,
  shared: SharedBuilders,
): (mesh: Mesh, place: Place, part: OutboundPart, common: ClusterRows) => PlacedPart {
  const rows = createRowsOfPlace(engine, shared);
  const clusters = createReplacement<EnvoyResource>(engine, "clusters of a place");
  const endpoints = createReplacement<EnvoyResource>(engine, "endpoints of a place");
  return (mesh, place, part, common) => {
    const { client, placedViews, own } = part;
    if (placedViews.size === 0 || own === undefined) return part;
    const caller = shared.callerOf(place, client.placing);
    const ownRows = rows(mesh, own.placedViews, own, { client, caller });
    return {
      clusters: shared.withStatics(
        clusters(common.clusters, ownRows.clusters, own.hosts),
        own.fixed,
      ),
      endpoints: engine.lazy(() =>
        endpoints(common.endpoints.get(), ownRows.endpoints.get(), own.hosts),
      ),
    };
  };
}

/** The builder of one place's part for a scope that has no common part. */
export function createPlacedPartAlone(
  engine: Engine,
  shared: ClusterBuilders,
): (mesh: Mesh, place: Place, part: OutboundPart) => PlacedPart {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const clustersOver = engine.overlay<EnvoyResource>();
  const endpointsOver = engine.overlay<EnvoyResource>();
  return (mesh, place, part) => {
    const { client, placedViews } = part;
    if (placedViews.size === 0) return part;
    const caller = shared.callerOf(place, client.placing);
    return {
      clusters: clustersOver(part.clusters, clusters(placedViews, mesh, { client, caller }).all),
      endpoints: engine.lazy(() =>
        endpointsOver(part.endpoints.get(), endpoints(placedViews, mesh, { client, caller }).all),
      ),
    };
  };
}
