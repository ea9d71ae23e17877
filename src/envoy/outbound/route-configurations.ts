/** The route configurations of a scope's sidecars, from the virtual hosts of the hosts that they can see. */

import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import { overlay, Table } from "../../base/table/table.js";
import type { ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import type { EgressListener } from "../../mesh/sidecar/sidecar.js";
import type { RouteJson, VirtualHostJson } from "../api.js";
import { sharedRoutes } from "../listener/request-tables.js";
import { HTTP_PROXY_ROUTE, isProxyRoute } from "../names.js";
import type { Encoder } from "../resource/encoder.js";
import { createLastGood } from "../resource/last-good.js";
import {
  type EnvoyResource,
  type Refusal,
  type RouteSets,
  sameResource,
} from "../resource/resource-set.js";
import { withoutLoops } from "../route/loops.js";
import { filtersByRoutes, type PerRouteFilters } from "../route/per-route-filters.js";
import {
  encodeVirtualHost,
  joinRouteConfiguration,
  routeConfigurationHead,
  splitRouteConfiguration,
  type VirtualHostResource,
} from "../route/route-configuration.js";
import { catchAllHost } from "../route/virtual-host.js";
import { proxiedUnknown, tunnelledUnknown, type UnknownHosts } from "../unknown-hosts.js";
import { hasHttpProxy, type OutboundScope } from "./outbound-scope.js";
import {
  createDomainIndex,
  createDomainLosses,
  type DomainLosses,
  type IndexedHosts,
} from "./repeated-domains.js";
import type { HostResource } from "./virtual-hosts.js";

function proxyCatchAll(
  unknown: UnknownHosts,
  tunnels: UnknownHosts,
  headers: ProxyHeaders,
): VirtualHostJson {
  const host = catchAllHost(unknown, headers);
  if (tunnels.mode === "REGISTRY_ONLY") {
    const [route] = catchAllHost(tunnels, headers).routes ?? [];
    // CONNECT has no path, so a prefix does not match it.
    const refused = { ...route, match: { connectMatcher: {} } };
    return { ...host, routes: [refused, ...(host.routes ?? [])] };
  }
  const tunnel: RouteJson = {
    name: host.name ?? "",
    match: { connectMatcher: {} },
    route: {
      cluster: tunnels.requestCluster,
      timeout: "0s",
      upgradeConfigs: [{ upgradeType: "CONNECT", connectConfig: {} }],
    },
  };
  return { ...host, routes: [tunnel, ...(host.routes ?? [])] };
}

function routeHead(name: string): ReturnType<typeof routeConfigurationHead> {
  const head = routeConfigurationHead(name);
  // The proxy's clients name the port, and it counts.
  return isProxyRoute(name) ? { ...head, ignorePortInHostMatching: false } : head;
}

/** What the virtual hosts for all else depend on. */
interface LastContext extends Pick<OutboundScope, "captured"> {
  readonly headers: ProxyHeaders;
  readonly unknown: UnknownHosts;
}

/** The virtual host for all that no other of a table is for. */
function lastHost(
  encoder: Encoder,
  name: string,
  { unknown, captured, headers }: LastContext,
): VirtualHostResource {
  const proxied = proxiedUnknown(unknown, captured);
  const host = isProxyRoute(name)
    ? proxyCatchAll(proxied, tunnelledUnknown(unknown, captured), headers)
    : catchAllHost(unknown, headers);
  const isPassedOn = proxied.mode !== "REGISTRY_ONLY" && (isProxyRoute(name) || !captured);
  const json = isPassedOn ? withoutLoops(host) : host;
  return encodeVirtualHost(encoder, name, { name: json.name ?? "", json, sources: [] });
}

const NO_HOSTS = Table.empty<HostResource>();

/**
 * With the tables for which listeners wait, even when nobody can be called by them: that of the HTTP proxy, and those of the
 * listeners of a Sidecar.
 */
function withAwaited(
  groups: Table<Table<HostResource>>,
  scope: Parameters<typeof hasHttpProxy>[0],
  listeners: readonly EgressListener[],
): Table<Table<HostResource>> {
  const proxy = hasHttpProxy(scope) ? [HTTP_PROXY_ROUTE] : [];
  const awaited = [...proxy, ...listeners.flatMap((one) => sharedRoutes(one) ?? [])];
  return awaited.reduce(
    (table, name) => (table.get(name) === undefined ? table.with(name, NO_HOSTS) : table),
    groups,
  );
}

/** What the virtual hosts keep when no domain is there twice. */
function keptHosts(
  sent: Table<HostResource>,
  { stripped, dropped }: DomainLosses,
): Table<HostResource> {
  const rest = dropped.reduce((table, name) => table.without(name), sent);
  return overlay(rest, stripped);
}

const byName = (hosts: Table<VirtualHostResource>): Table<VirtualHostResource> =>
  Table.from([...hosts.values()].map((host) => [host.name, host] as const));

const refusalsIn = (refused: Table<HostResource> | undefined): readonly Refusal[] =>
  (refused?.sorted() ?? []).flatMap(([, host]) => host.refusal ?? []);

/** The builder of the virtual hosts for all else: by route configuration, unless one of its hosts is for all. */
function createLastHosts(
  engine: Engine,
  encoder: Encoder,
): (
  byRoute: Table<Table<HostResource>>,
  kept: Table<HostResource>,
  unknown: UnknownHosts,
  scope: OutboundScope,
) => Table<VirtualHostResource> {
  const contextOf = engine.memo(
    "context of virtual hosts for all else",
    (unknown: UnknownHosts, captured: boolean, headers: ProxyHeaders): LastContext => ({
      unknown,
      captured,
      headers,
    }),
  );
  const encode = engine.memo("virtual hosts for all else", (context: LastContext, name: string) =>
    lastHost(encoder, name, context),
  );
  const forAll = engine.group<HostResource>("virtual hosts for all", ({ routeName, domains }) =>
    domains.includes("*") ? [routeName] : [],
  );
  const derive = engine.derive<
    [Table<HostResource>, Table<HostResource>],
    [LastContext],
    VirtualHostResource
  >("last virtual hosts", (name, [hosts, all], context) =>
    hosts === undefined || all !== undefined ? undefined : encode(context, name),
  );
  return (byRoute, kept, unknown, { captured, settings: { headers } }) =>
    derive([byRoute, forAll(kept)], contextOf(unknown, captured, headers));
}

/** Route configurations, and the filters that they speak of. */
export interface OutboundRoutes extends RouteSets {
  readonly filters: PerRouteFilters;
}

/** Finds the filters that virtual hosts speak of; the same object for as long as they are the same. */
function createPerRouteFilters(engine: Engine): (hosts: Table<HostResource>) => PerRouteFilters {
  const settle = engine.settle<PerRouteFilters>(isDeepStrictEqual);
  return engine.latestOf("per-route filters", (hosts) =>
    settle(filtersByRoutes([...hosts.values()])),
  );
}

/** The route configurations of these virtual hosts, by name. An index of others, most of which are the same, is a start. */
export function createRouteConfigurations(
  engine: Engine,
  encoder: Encoder,
): (
  hosts: Table<HostResource>,
  unknown: UnknownHosts,
  scope: OutboundScope,
  given?: { readonly from?: IndexedHosts; readonly listeners?: readonly EgressListener[] },
) => OutboundRoutes {
  const sift = createLastGood<HostResource>(engine);
  const routeOf = (host: HostResource): readonly string[] => [host.routeName];
  const sentByRoute = engine.group<HostResource>("virtual hosts by route", routeOf);
  const keptByRoute = engine.group<HostResource>("kept virtual hosts by route", routeOf);
  const withWithheld = engine.memo(
    "virtual hosts with those that stand for others",
    (all: Table<HostResource>, withheld: Table<HostResource>) => overlay(all, withheld),
  );
  const refusedByRoute = engine.group<HostResource>("refused virtual hosts by route", routeOf);
  const indexOf = createDomainIndex<HostResource>(engine);
  const lossesOf = createDomainLosses(engine, encoder);
  const kept = engine.latest("kept virtual hosts", keptHosts);
  const lastHosts = createLastHosts(engine, encoder);
  const filtersOf = createPerRouteFilters(engine);
  const lastByName = engine.latestOf("last virtual hosts by name", byName);
  const together = engine.overlay<VirtualHostResource>();
  const encodeSplit = engine.memo("split route configuration", splitOf(encoder));
  const split = engine.derive<[Table<HostResource>, Table<HostResource>], [], EnvoyResource>(
    "split route configurations",
    (name, [hosts, refused = NO_HOSTS]) => hosts && encodeSplit(refused, name),
  );
  const join = engine.derive<
    [Table<HostResource>, VirtualHostResource, Table<HostResource>, Table<HostResource>],
    [],
    EnvoyResource
  >(
    "route configurations",
    (name, [hosts, last, refused, known]) =>
      known && joinedTable(encoder, name, { hosts, last, refused }),
    sameResource,
  );
  return (hosts, unknown, scope, { from, listeners = [] } = {}) => {
    const { sent, refused, withheld } = sift(hosts);
    const byRoute = withAwaited(sentByRoute(withWithheld(sent, withheld)), scope, listeners);
    const index = indexOf(sent, from);
    const all = kept(sent, lossesOf(index));
    const known = withWithheld(all, withheld);
    const last = lastHosts(byRoute, known, unknown, scope);
    const leftOut = refusedByRoute(refused);
    return {
      get routes() {
        return join([keptByRoute(all), last, leftOut, byRoute]);
      },
      splitRoutes: split([byRoute, leftOut]),
      filters: filtersOf(index.withFilters),
      // Who asks for what it uses is answered that there is nothing.
      virtualHosts: together(scope.settings.onDemand ? all : known, lastByName(last)),
    };
  };
}

const splitOf =
  (encoder: Encoder) =>
  (refused: Table<HostResource>, name: string): EnvoyResource =>
    splitRouteConfiguration(encoder, routeHead(name), { leftOut: refusalsIn(refused) });

/** A route configuration with its virtual hosts in it, by name, and that for all else behind them. */
function joinedTable(
  encoder: Encoder,
  name: string,
  {
    hosts,
    last,
    refused,
  }: {
    readonly hosts: Table<HostResource> | undefined;
    readonly last: VirtualHostResource | undefined;
    readonly refused: Table<HostResource> | undefined;
  },
): EnvoyResource {
  const sorted: readonly VirtualHostResource[] = (hosts?.sorted() ?? []).map(([, host]) => host);
  const all = last === undefined ? sorted : [...sorted, last];
  return joinRouteConfiguration(encoder, routeHead(name), all, { leftOut: refusalsIn(refused) });
}
