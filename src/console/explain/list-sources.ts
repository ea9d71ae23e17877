/** What made each Envoy resource of a proxy, and each part of it that a table shows. */

import { rememberedLocate } from "../../config/remembered-locate.js";
import type { VirtualHostJson } from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type { EnvoyResource, ResourceSet } from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { connectionManagerOf } from "../../simulator/network-filters.js";
import { TYPE_URL } from "../../xds/resource.js";
import { chainName } from "../proxy-config/filter-chain.js";
import { describeMatch } from "../proxy-config/route-match.js";
import { decidedEndpoints } from "./decided-endpoints.js";
import {
  type DecidedHost,
  decidedChains,
  decidedHost,
  decidedResource,
  type Holder,
  hostsInTable,
} from "./decided-parts.js";
import { patchesIn, type Source, sourceAt } from "./provenance.js";
import type { Scene } from "./scene.js";

/** A resource or a part of one, and what made it. */
export interface Sourced {
  /** That of a resource, virtual host or filter chain; of a route what it matches, of an endpoint its host. */
  readonly name: string;
  readonly sources: readonly Source[];
  /** In the order in which they stand in it: filter chains, virtual hosts, routes, endpoints. */
  readonly parts: readonly Sourced[];
}

/** As `Sourced`, before anyone looked where that is written. */
interface Decided {
  readonly name: string;
  readonly decisions: readonly Decision[];
  readonly parts?: readonly Decided[];
}

const TYPES: Readonly<Partial<Record<string, (holder: Holder) => readonly Decided[]>>> = {
  [TYPE_URL.cluster]: (holder) => {
    const { clusters } = holder.scene.resourcesOf(holder.proxy);
    return resourcesIn(clusters, MESSAGE.cluster, holder);
  },
  [TYPE_URL.endpoint]: decidedEndpoints,
  [TYPE_URL.listener]: (holder) => {
    const { listeners } = holder.scene.resourcesOf(holder.proxy);
    return resourcesIn(listeners, MESSAGE.listener, holder, chainsIn);
  },
  [TYPE_URL.route]: (holder) => [...tablesOf(holder), ...inlineTables(holder)],
};

/**
 * What made the clusters, listeners, route configurations or endpoints that a proxy should hold, by the URL of their type;
 * undefined of another type. The hosts of clusters that name them are among the endpoints, under the clusters' names.
 */
export function listSources(
  scene: Scene,
  proxy: Proxy,
  typeUrl: string,
): readonly Sourced[] | undefined {
  const locate = rememberedLocate(scene.snapshot.locate);
  const sourced = ({ name, decisions, parts = [] }: Decided): Sourced => ({
    name,
    sources: decisions.map((decision) => sourceAt({ snapshot: { locate } }, decision)),
    parts: parts.map(sourced),
  });
  return TYPES[typeUrl]?.({ scene, proxy }).map(sourced);
}

/** The resources of a set, with the parts that `partsOf` finds in them. */
function resourcesIn(
  set: ResourceSet,
  type: string,
  holder: Holder,
  partsOf: (resource: EnvoyResource, json: object) => readonly Decided[] = () => [],
): readonly Decided[] {
  return [...set.values()].map((resource) => {
    const { json, decisions } = decidedResource(holder, type, resource);
    return { name: resource.name, decisions, parts: partsOf(resource, json) };
  });
}

function chainsIn(resource: EnvoyResource, listener: object): readonly Decided[] {
  return decidedChains(resource, listener).map(({ chain, decisions }) => ({
    name: chainName(chain),
    decisions,
  }));
}

/** The route configurations, whose virtual hosts are resources of their own where they can be. */
function tablesOf(holder: Holder): readonly Decided[] {
  const { splitRoutes, virtualHosts } = holder.scene.resourcesOf(holder.proxy);
  const byTable = new Map<string, Decided[]>();
  for (const resource of virtualHosts.values()) {
    const end = resource.name.lastIndexOf("/");
    const table = resource.name.slice(0, end);
    const { json, decisions } = decidedResource(holder, MESSAGE.virtualHost, resource);
    const host: VirtualHostJson = { ...json, name: resource.name.slice(end + 1) };
    const hosts = byTable.get(table) ?? [];
    hosts.push(withRoutes(decidedHost(holder, host, decisions, patchesIn(resource))));
    byTable.set(table, hosts);
  }
  return resourcesIn(splitRoutes, MESSAGE.route, holder, (resource, table) => {
    const about = { decisions: [], patchesOf: patchesIn(resource) };
    const others = hostsInTable(holder, table, about).map(withRoutes);
    return [...(byTable.get(resource.name) ?? []), ...others];
  });
}

/** The tables that stand in filter chains. */
function inlineTables(holder: Holder): readonly Decided[] {
  const { scene, proxy } = holder;
  return [...scene.resourcesOf(proxy).listeners.values()].flatMap((resource) => {
    const listener = scene.encoder.decode(MESSAGE.listener, resource.bytes);
    return decidedChains(resource, listener).flatMap(({ chain, parts, patchesOf }) => {
      const { routeConfig } = connectionManagerOf(chain) ?? {};
      if (routeConfig === undefined) return [];
      const hosts = hostsInTable(holder, routeConfig, { decisions: parts, patchesOf });
      return [{ name: routeConfig.name ?? "", decisions: parts, parts: hosts.map(withRoutes) }];
    });
  });
}

/** A route of which nothing is known by itself is what its virtual host is. */
function withRoutes({ host, decisions, routes }: DecidedHost): Decided {
  return {
    name: host.name ?? "",
    decisions,
    parts: routes.map(({ route, decisions: own }) => ({
      name: describeMatch(route.match),
      decisions: own.length > 0 ? own : decisions,
    })),
  };
}
