/** The route configurations of a scope's sidecars, from the virtual hosts of the hosts that they can see. */
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { RouteJson, VirtualHostJson } from "../api.js";
import type { Encoder } from "../encoder.js";
import { HTTP_PROXY_ROUTE } from "../names.js";
import { type EnvoyResource, type RouteSets, sameResource } from "../resource-set.js";
import {
  domainKey,
  encodeVirtualHost,
  joinRouteConfiguration,
  routeConfigurationHead,
  splitRouteConfiguration,
  type VirtualHostResource,
} from "../route/route-configuration.js";
import { catchAllHost } from "../route/virtual-host.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import { MESSAGE } from "./envoy-types.js";
import { createLastGood, type Sifted } from "./last-good.js";
import type { HostResource } from "./outbound-routes.js";
import type { OutboundScope } from "./outbound-scope.js";

/** The first virtual host to name a domain, in any case, keeps it: Envoy refuses a table in which two do. */
function withoutRepeatedDomains(
  hosts: readonly HostResource[],
  strip: (host: HostResource, domains: readonly string[]) => HostResource | undefined,
): readonly HostResource[] {
  const owner = new Map<string, HostResource>();
  const claim = (domain: string, host: HostResource): void => {
    const key = domain.toLowerCase();
    if (!owner.has(key)) owner.set(key, host);
  };
  // A host's own name is its first domain, and goes before what others call it.
  for (const host of hosts) {
    const [own] = host.domains;
    if (own !== undefined) claim(own, host);
  }
  return hosts.flatMap((host) => {
    for (const domain of host.domains) claim(domain, host);
    const kept = host.domains.filter((domain) => owner.get(domain.toLowerCase()) === host);
    if (kept.length === host.domains.length) return [host];
    return strip(host, kept) ?? [];
  });
}

function proxyCatchAll(unknown: UnknownHosts): VirtualHostJson {
  const host = catchAllHost(unknown);
  if (unknown.mode === "REGISTRY_ONLY") {
    const [route] = host.routes ?? [];
    // CONNECT has no path, so a prefix does not match it.
    const refused = { ...route, match: { connectMatcher: {} } };
    return { ...host, routes: [refused, ...(host.routes ?? [])] };
  }
  const tunnel: RouteJson = {
    name: host.name ?? "",
    match: { connectMatcher: {} },
    route: {
      cluster: unknown.cluster,
      timeout: "0s",
      upgradeConfigs: [{ upgradeType: "CONNECT", connectConfig: {} }],
    },
  };
  return { ...host, routes: [tunnel, ...(host.routes ?? [])] };
}

function routeHead(name: string): ReturnType<typeof routeConfigurationHead> {
  const head = routeConfigurationHead(name);
  // The proxy's clients name the port, and it counts.
  return name === HTTP_PROXY_ROUTE ? { ...head, ignorePortInHostMatching: false } : head;
}

/** A route configuration and its virtual hosts. */
interface RouteTable {
  /** Without its virtual hosts. */
  readonly split: EnvoyResource;
  /** In the order in which a table has them. */
  readonly hosts: readonly VirtualHostResource[];
  /** Those of them that are not as their own hosts would have them. */
  readonly replaced: readonly VirtualHostResource[];
  /** The names of those that the table has no place for. */
  readonly dropped: readonly string[];
}

function routeTable(
  encoder: Encoder,
  name: string,
  { sent, refused }: Sifted<HostResource>,
  unknown: UnknownHosts,
): RouteTable {
  const sorted = sent.sorted().map(([, host]) => host);
  const kept = withoutRepeatedDomains(sorted, (host, domains) =>
    strippedHost(encoder, host, domains),
  );
  const stripped = kept.filter((host) => sent.get(host.name) !== host);
  const names = kept.length < sorted.length ? new Set(kept.map((host) => host.name)) : undefined;
  const dropped = sorted.map((host) => host.name).filter((one) => names?.has(one) === false);
  const leftOut = refused.sorted().flatMap(([, host]) => host.refusal ?? []);
  const split = splitRouteConfiguration(encoder, routeHead(name), leftOut);
  if (kept.some(({ domains }) => domains.includes("*"))) {
    return { split, hosts: kept, replaced: stripped, dropped };
  }
  const json = name === HTTP_PROXY_ROUTE ? proxyCatchAll(unknown) : catchAllHost(unknown);
  const last = encodeVirtualHost(encoder, name, { name: json.name ?? "", json, sources: [] });
  return { split, hosts: [...kept, last], replaced: [...stripped, last], dropped };
}

function virtualHostsOf(
  sent: Table<HostResource>,
  tables: Table<RouteTable>,
): Table<VirtualHostResource> {
  let result: Table<VirtualHostResource> = sent;
  tables.forEach(({ replaced, dropped }) => {
    for (const name of dropped) result = result.without(name);
    for (const host of replaced) result = result.with(host.name, host);
  });
  return result;
}

const NO_HOSTS = Table.empty<HostResource>();

/** With the table of the HTTP proxy, which is there also when nobody can be called: its listener waits for it. */
function withProxyRoute(
  groups: Table<Table<HostResource>>,
  { captured, router }: Pick<OutboundScope, "captured" | "router">,
): Table<Table<HostResource>> {
  const isComplete = captured || router || groups.get(HTTP_PROXY_ROUTE) !== undefined;
  return isComplete ? groups : groups.with(HTTP_PROXY_ROUTE, NO_HOSTS);
}

/** The route configurations of these virtual hosts, by name. */
export function createRouteConfigurations(
  engine: Engine,
  encoder: Encoder,
): (hosts: Table<HostResource>, unknown: UnknownHosts, scope: OutboundScope) => RouteSets {
  const sift = createLastGood<HostResource>();
  const routeOf = (host: HostResource): readonly string[] => [host.routeName];
  const sentByRoute = engine.group<HostResource>("virtual hosts by route", routeOf);
  const refusedByRoute = engine.group<HostResource>("refused virtual hosts by route", routeOf);
  const tablesOf = engine.derive<
    [Table<HostResource>, Table<HostResource>],
    [UnknownHosts],
    RouteTable
  >("route tables", (name, [sent = NO_HOSTS, refused = NO_HOSTS], unknown) =>
    routeTable(encoder, name, { sent, refused }, unknown),
  );
  const split = engine.derive<[RouteTable], [], EnvoyResource>(
    "split route configurations",
    (_name, [table]) => table?.split,
    sameResource,
  );
  const join = engine.derive<[RouteTable], [], EnvoyResource>(
    "route configurations",
    (name, [table]) =>
      table &&
      joinRouteConfiguration(encoder, routeHead(name), table.hosts, table.split.leftOut ?? []),
    sameResource,
  );
  const hostsOf = engine.latest("virtual hosts of route tables", virtualHostsOf);
  return (hosts, unknown, scope) => {
    const { sent, refused } = sift(hosts);
    const byRoute = withProxyRoute(sentByRoute(sent), scope);
    const tables = tablesOf([byRoute, refusedByRoute(refused)], unknown);
    return {
      get routes() {
        return join([tables]);
      },
      splitRoutes: split([tables]),
      virtualHosts: hostsOf(sent, tables),
    };
  };
}

/** A virtual host with fewer domains; undefined when none is left. */
function strippedHost(
  encoder: Encoder,
  host: HostResource,
  domains: readonly string[],
): HostResource | undefined {
  if (domains.length === 0) return undefined;
  const { bytes, version } = encoder.edit(MESSAGE.virtualHost, host.bytes, { domains });
  const exclusive = domains.map((domain) => domainKey(host.routeName, domain));
  return { ...host, domains, exclusive, bytes, version };
}
