import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import {
  buildIdentityCluster,
  type ControlPlaneAddress,
} from "../bootstrap/control-plane-cluster.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  type ResourceSet,
  resourceSet,
  unionOf,
} from "../resource/resource-set.js";

/** A proxy and how it reaches its control plane, where it said so. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly controlPlane: ControlPlaneAddress | undefined;
}

/**
 * Adds a proxy's own clusters to those that it shares: the given ones and, if it has a certificate, the one that leads back
 * here.
 */
export type ClusterUnion = (shared: ResourceSet, own: ResourceSet) => ResourceSet;

/** The makers of these, one for each proxy. */
export function createClusterUnions(
  engine: Engine,
  encoder: Encoder,
): (connected: ConnectedProxy) => ClusterUnion {
  const wayBack = engine.memo("way back of a proxy", ({ controlPlane }: ConnectedProxy) => {
    if (controlPlane === undefined) return Table.empty<EnvoyResource>();
    const json = buildIdentityCluster(controlPlane);
    return resourceSet([{ name: json.name ?? "", ...encoder.encode(MESSAGE.cluster, json) }]);
  });
  return (connected) => {
    const all = engine.latest("clusters of a proxy", unionOf);
    const ownOf = engine.latest("own clusters of a proxy", unionOf);
    return (shared, own) => all(shared, ownOf(own, wayBack(connected)));
  };
}
