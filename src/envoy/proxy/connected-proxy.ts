import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
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

/** A proxy, and the address at which it reaches its control plane, if it said one. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly controlPlane: ControlPlaneAddress | undefined;
}

/**
 * Adds a proxy's own clusters to those that it shares: those given and, where the address of its control plane is known, the
 * cluster that leads back to it.
 */
export type ClusterUnion = (shared: ResourceSet, own: ResourceSet) => ResourceSet;

/** Makes the union of each proxy. */
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
