/** The hosts that the clusters of a proxy lead to, each with the resource that told of it. */
import type { ClusterLoadAssignmentJson } from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type { EnvoyResource } from "../../envoy/resource/resource-set.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import { serviceKey } from "../../mesh/workload/service-endpoints.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { hostAddress } from "../proxy-config/address.js";
import { parseClusterName } from "../proxy-config/cluster-name.js";
import { decidedResource, type Holder } from "./decided-parts.js";

/** A host that endpoints are at, and what told of it. */
export interface DecidedEndpoint {
  readonly name: string;
  readonly decisions: readonly Decision[];
}

/** The endpoints of a cluster, and what decided them as a whole. */
export interface DecidedEndpoints extends DecidedEndpoint {
  /** None of a cluster that names its hosts itself: what made the cluster made them. */
  readonly parts: readonly DecidedEndpoint[];
}

/** Those of each cluster, under the cluster's name. */
export function decidedEndpoints(holder: Holder): readonly DecidedEndpoints[] {
  const { clusters, endpoints } = holder.scene.resourcesOf(holder.proxy);
  return [...clusters.values()].map((cluster) => {
    const { name, endpoints: assignment } = cluster;
    const resource = assignment === undefined ? undefined : endpoints.get(assignment);
    if (resource === undefined) {
      const { decisions } = decidedResource(holder, MESSAGE.cluster, cluster);
      return { name, decisions, parts: [] };
    }
    const { json, decisions } = decidedResource(holder, MESSAGE.endpoint, resource);
    return { name, decisions, parts: hostsOf(holder, resource, json) };
  });
}

function hostsOf(
  holder: Holder,
  { name }: EnvoyResource,
  { endpoints = [] }: ClusterLoadAssignmentJson,
): readonly DecidedEndpoint[] {
  const workloads = workloadsOf(holder, parseClusterName(name).fqdn);
  return endpoints
    .flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .map(({ endpoint }) => {
      const { host } = hostAddress(endpoint?.address);
      const decisions = workloads.flatMap(({ address, source }) =>
        address === host && source !== undefined ? [{ ref: source, path: [] }] : [],
      );
      return { name: host, decisions };
    });
}

function workloadsOf({ scene: { mesh }, proxy }: Holder, host: string): readonly Workload[] {
  const service = chooseService(mesh.servicesByHost.get(host), proxy.namespace);
  if (service === undefined) return [];
  return [mesh.endpoints, mesh.unreadyEndpoints].flatMap(
    (all) => all.get(host)?.get(serviceKey(service)) ?? [],
  );
}
