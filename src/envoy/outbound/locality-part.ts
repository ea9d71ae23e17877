/**
 * The clusters and endpoints of a scope as the callers at one locality are sent them: hosts that are balanced by locality have
 * their endpoints in the order in which it prefers them.
 */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
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

/** What of a scope's part depends on the locality of the caller. */
export type LocalityPart = Pick<OutboundPart, "clusters" | "endpoints">;

/** The builder of the rows of some hosts for callers of a locality, from those of the hosts that are balanced alike everywhere. */
function createRowsOfLocality(
  engine: Engine,
  shared: ClusterBuilders,
): (
  mesh: Mesh,
  views: Table<HostView>,
  uniform: ClusterRows,
  caller: ClusterCaller,
) => ClusterRows {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const allClusters = createRowsUnion<EnvoyResource>(engine);
  const allEndpoints = createRowsUnion<EnvoyResource>(engine);
  return (mesh, views, uniform, caller) => ({
    clusters: allClusters(uniform.clusters, clusters(views, mesh, caller)),
    endpoints: engine.lazy(() =>
      allEndpoints(uniform.endpoints.get(), endpoints(views, mesh, caller)),
    ),
  });
}

/** The builder of the common rows for callers of one locality. */
export function createCommonRowsOfLocality(
  engine: Engine,
  shared: ClusterBuilders,
): (mesh: Mesh, locality: ClientLocality, common: CommonPart) => ClusterRows {
  const rows = createRowsOfLocality(engine, shared);
  return (mesh, locality, { rows: uniform, localityViews, client }) => {
    const caller = shared.callerOf(locality, client.localityPolicy);
    return rows(mesh, localityViews, uniform, { client, caller });
  };
}

/** The builder of one locality's part for a scope that has a common part: that part's rows, and its own in their place. */
export function createLocalityPart(
  engine: Engine,
  shared: SharedBuilders,
): (mesh: Mesh, locality: ClientLocality, part: OutboundPart, common: ClusterRows) => LocalityPart {
  const rows = createRowsOfLocality(engine, shared);
  const clusters = createReplacement<EnvoyResource>(engine, "clusters of a locality");
  const endpoints = createReplacement<EnvoyResource>(engine, "endpoints of a locality");
  return (mesh, locality, part, common) => {
    const { client, localityViews, own } = part;
    if (localityViews.size === 0 || own === undefined) return part;
    const caller = shared.callerOf(locality, client.localityPolicy);
    const ownRows = rows(mesh, own.localityViews, own, { client, caller });
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

/** The builder of one locality's part for a scope that has no common part. */
export function createSeparateLocalityPart(
  engine: Engine,
  shared: ClusterBuilders,
): (mesh: Mesh, locality: ClientLocality, part: OutboundPart) => LocalityPart {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const clustersOver = engine.overlay<EnvoyResource>();
  const endpointsOver = engine.overlay<EnvoyResource>();
  return (mesh, locality, part) => {
    const { client, localityViews } = part;
    if (localityViews.size === 0) return part;
    const caller = shared.callerOf(locality, client.localityPolicy);
    return {
      clusters: clustersOver(part.clusters, clusters(localityViews, mesh, { client, caller }).all),
      endpoints: engine.lazy(() =>
        endpointsOver(part.endpoints.get(), endpoints(localityViews, mesh, { client, caller }).all),
      ),
    };
  };
}
