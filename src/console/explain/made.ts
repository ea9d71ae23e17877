/** What made each Envoy resource of a proxy, and each part of it that a table shows. */

import { rememberedLocate } from "../../config/remembered-locate.js";
import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  ListenerJson,
  RouteConfigurationJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type {
  EnvoyResource,
  ResourceSet,
  ResourceSets,
} from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { chooseService } from "../../mesh/service/choose-service.js";
import { serviceKey } from "../../mesh/workload/service-endpoints.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { connectionManagerOf } from "../../simulator/network-filters.js";
import { TYPE_URL } from "../../xds/resource.js";
import { hostAddress } from "../proxy-config/address.js";
import { parseClusterName } from "../proxy-config/cluster-name.js";
import { chainName, chainsOf } from "../proxy-config/filter-chain.js";
import { describeMatch } from "../proxy-config/route-match.js";
import {
  chainDecisions,
  chainParts,
  type PatchesOf,
  patchesIn,
  resourceDecisions,
  routeDecisions,
  type Source,
  sourceAt,
} from "./provenance.js";
import type { Scene } from "./scene.js";

/** A resource or a part of one, and what made it. */
export interface Made {
  /** That of a resource, virtual host or filter chain; of a route what it matches, of an endpoint its host. */
  readonly name: string;
  readonly sources: readonly Source[];
  /** In the order in which they stand in it: filter chains, virtual hosts, routes, endpoints. */
  readonly parts: readonly Made[];
}

/** Who asks about which proxy. */
interface Asked {
  readonly scene: Scene;
  readonly proxy: Proxy;
  readonly place: (decision: Decision) => Source;
}

const TYPES: Readonly<Partial<Record<string, (asked: Asked) => readonly Made[]>>> = {
  [TYPE_URL.cluster]: (asked) => each(asked, MESSAGE.cluster, (sets) => sets.clusters),
  [TYPE_URL.endpoint]: hostsByCluster,
  [TYPE_URL.listener]: (asked) =>
    each(
      asked,
      MESSAGE.listener,
      (sets) => sets.listeners,
      (resource, listener) => chainsIn(asked, resource, listener),
    ),
  [TYPE_URL.route]: (asked) => [...tablesOf(asked), ...inlineTables(asked)],
};

/**
 * What made the clusters, listeners, route configurations or endpoints that a proxy should hold, by the URL of their type;
 * undefined of another type. The hosts of clusters that name them are among the endpoints, under the clusters' names.
 */
export function madeResources(
  scene: Scene,
  proxy: Proxy,
  typeUrl: string,
): readonly Made[] | undefined {
  const locate = rememberedLocate(scene.snapshot.locate);
  const place = (decision: Decision): Source => sourceAt({ snapshot: { locate } }, decision);
  return TYPES[typeUrl]?.({ scene, proxy, place });
}

const made = (
  { place }: Asked,
  name: string,
  decisions: readonly Decision[],
  parts: readonly Made[] = [],
): Made => ({ name, sources: decisions.map(place), parts });

/** What made the resources of a set, with the parts that `partsOf` finds in them. */
function each(
  asked: Asked,
  type: string,
  setOf: (sets: ResourceSets) => ResourceSet,
  partsOf: (resource: EnvoyResource, json: object) => readonly Made[] = () => [],
): readonly Made[] {
  const { scene, proxy } = asked;
  return [...setOf(scene.resourcesOf(proxy)).values()].map((resource) => {
    const json = scene.encoder.decode(type, resource.bytes);
    const decisions = resourceDecisions(scene, { resource, type, json }, proxy.namespace);
    return made(asked, resource.name, decisions, partsOf(resource, json));
  });
}

function chainsIn(asked: Asked, resource: EnvoyResource, listener: ListenerJson): readonly Made[] {
  const patchesOf = patchesIn(resource);
  return chainsOf(listener).map((chain) =>
    made(asked, chainName(chain), chainDecisions({ resource, listener, chain, patchesOf })),
  );
}

/** The route configurations, whose virtual hosts are resources of their own where they can be. */
function tablesOf(asked: Asked): readonly Made[] {
  const { scene, proxy } = asked;
  const { splitRoutes, virtualHosts } = scene.resourcesOf(proxy);
  const byTable = new Map<string, Made[]>();
  for (const resource of virtualHosts.values()) {
    const end = resource.name.lastIndexOf("/");
    const table = resource.name.slice(0, end);
    const json: VirtualHostJson = scene.encoder.decode(MESSAGE.virtualHost, resource.bytes);
    const about = { resource, type: MESSAGE.virtualHost, json };
    const decisions = resourceDecisions(scene, about, proxy.namespace);
    const host = { ...json, name: resource.name.slice(end + 1) };
    const hosts = byTable.get(table) ?? [];
    hosts.push(hostMade(asked, host, decisions, patchesIn(resource)));
    byTable.set(table, hosts);
  }
  return each(
    asked,
    MESSAGE.route,
    () => splitRoutes,
    (resource, table) => [
      ...(byTable.get(resource.name) ?? []),
      ...hostsIn(asked, resource, table),
    ],
  );
}

/** The tables that stand in listeners; what made the listener made those parts of them of which nothing else is known. */
function inlineTables(asked: Asked): readonly Made[] {
  const { scene, proxy } = asked;
  return [...scene.resourcesOf(proxy).listeners.values()].flatMap((resource) => {
    const listener: ListenerJson = scene.encoder.decode(MESSAGE.listener, resource.bytes);
    return chainsOf(listener).flatMap((chain) => {
      const { routeConfig } = connectionManagerOf(chain) ?? {};
      if (routeConfig === undefined) return [];
      const decisions = chainParts({ resource, listener, chain });
      const hosts = hostsIn(asked, resource, routeConfig, decisions);
      return [made(asked, routeConfig.name ?? "", decisions, hosts)];
    });
  });
}

function hostsIn(
  asked: Asked,
  resource: EnvoyResource,
  { virtualHosts = [] }: RouteConfigurationJson,
  whole: readonly Decision[] = [],
): readonly Made[] {
  const patchesOf = patchesIn(resource);
  return virtualHosts.map((host) => {
    const { decisions } = patchesOf(host);
    return hostMade(asked, host, decisions.length > 0 ? decisions : whole, patchesOf);
  });
}

/** A route of which nothing is known by itself is what its virtual host is. */
function hostMade(
  asked: Asked,
  host: VirtualHostJson,
  decisions: readonly Decision[],
  patchesOf: PatchesOf,
): Made {
  const { scene, proxy } = asked;
  const routes = (host.routes ?? []).map((route) => {
    const own = routeDecisions(scene, { route, virtualHost: host, patchesOf }, proxy.namespace);
    return made(asked, describeMatch(route.match), own.length > 0 ? own : decisions);
  });
  return made(asked, host.name ?? "", decisions, routes);
}

/** What made the hosts of each cluster: of those that it names itself, what made the cluster. */
function hostsByCluster(asked: Asked): readonly Made[] {
  const { scene, proxy } = asked;
  const { clusters, endpoints } = scene.resourcesOf(proxy);
  return [...clusters.values()].map((cluster) => {
    const told = cluster.endpoints === undefined ? undefined : endpoints.get(cluster.endpoints);
    if (told === undefined) {
      const json: ClusterJson = scene.encoder.decode(MESSAGE.cluster, cluster.bytes);
      const about = { resource: cluster, type: MESSAGE.cluster, json };
      return made(asked, cluster.name, resourceDecisions(scene, about, proxy.namespace));
    }
    const json: ClusterLoadAssignmentJson = scene.encoder.decode(MESSAGE.endpoint, told.bytes);
    const about = { resource: told, type: MESSAGE.endpoint, json: {} };
    const whole = resourceDecisions(scene, about, proxy.namespace);
    return made(asked, cluster.name, whole, hostsOf(asked, told.name, json));
  });
}

/** The hosts of a service's endpoints, each with the resource that told of it. */
function hostsOf(
  asked: Asked,
  name: string,
  { endpoints = [] }: ClusterLoadAssignmentJson,
): readonly Made[] {
  const workloads = workloadsOf(asked, parseClusterName(name).fqdn);
  return endpoints
    .flatMap(({ lbEndpoints = [] }) => lbEndpoints)
    .map(({ endpoint }) => {
      const { host } = hostAddress(endpoint?.address);
      const sources = workloads.flatMap(({ address, source }) =>
        address === host && source !== undefined ? [{ ref: source, path: [] }] : [],
      );
      return made(asked, host, sources);
    });
}

function workloadsOf({ scene: { mesh }, proxy }: Asked, host: string): readonly Workload[] {
  const service = chooseService(mesh.servicesByHost.get(host), proxy.namespace);
  if (service === undefined) return [];
  return [mesh.endpoints, mesh.unreadyEndpoints].flatMap(
    (all) => all.get(host)?.get(serviceKey(service)) ?? [],
  );
}
