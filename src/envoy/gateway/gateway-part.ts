/** The part of a gateway's configuration that its Gateways and their VirtualServices make. */

import type { Engine } from "../../base/engine/engine.js";
import { groupBy } from "../../base/group-by.js";
import type { Lazy } from "../../base/lazy.js";
import { overlay, Table } from "../../base/table/table.js";
import { serverPort } from "../../config/kinds/networking/gateway.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { formatRef, type ResourceRef } from "../../config/resource.js";
import {
  type GatewayServer,
  gatewayServers,
  gatewaysOf,
  servedPorts,
} from "../../mesh/gateway/gateway.js";
import { type SharedPorts, sharingPorts } from "../../mesh/gateway/shared-ports.js";
import type { HostResolver } from "../../mesh/host-resolver.js";
import { originOf } from "../../mesh/made-of.js";
import type { Mesh, VirtualServices } from "../../mesh/mesh.js";
import { connectionSettings } from "../../mesh/proxy/connection-settings.js";
import {
  httpSettings,
  sendsAttemptCount,
  sendsForwardedHost,
} from "../../mesh/proxy/http-settings.js";
import { familiesOf, isOnLoopback, type Proxy } from "../../mesh/proxy/proxy.js";
import { type RouteRules, routePolicy } from "../../mesh/routing/route-rules.js";
import type { Service } from "../../mesh/service/service.js";
import { addressKey } from "../../mesh/workload/address-key.js";
import { servedServices } from "../../mesh/workload/served-services.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ClusterJson } from "../api.js";
import { passedCluster } from "../cluster/passed-cluster.js";
import type { SecurityFilters } from "../filter/security-filters.js";
import { workloadOf } from "../inbound/inbound-part.js";
import { ANY_ADDRESS, anyAddressOf, listenAt } from "../listener/address.js";
import { gatewayListener } from "../listener/gateway/gateway-listener.js";
import { passedTo } from "../listener/gateway/passed-chains.js";
import type { ClusterKey } from "../names.js";
import type { ServerPorts } from "../patch/route-match.js";
import type { Built } from "../resource/built.js";
import { sharedListener } from "../resource/encode-listener.js";
import { encodeResource } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { createLastGood, type Sifted } from "../resource/last-good.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  type ResourceSet,
  type RouteSets,
  resourceSet,
} from "../resource/resource-set.js";
import {
  boundTo,
  type GatewayRouteContext,
  gatewayRouteName,
  gatewayVirtualHosts,
} from "../route/gateway-route.js";
import { hashPolicies } from "../route/hash-policy.js";
import { hostsBeside } from "../route/misdirected.js";
import { filtersByRoutes } from "../route/per-route-filters.js";
import {
  encodeVirtualHost,
  joinRouteConfiguration,
  routeConfigurationHead,
  splitRouteConfiguration,
  type VirtualHostResource,
} from "../route/route-configuration.js";
import type { ProxyLogs } from "../telemetry/proxy-logs.js";

/** What a gateway has for its clients. */
export interface GatewayPart {
  readonly clusters: ResourceSet;
  /** Made when they are asked for, as routes are: a fault in one of them is none of all else that a gateway is sent. */
  readonly listeners: Lazy<ResourceSet>;
  readonly routes: Lazy<RouteSets>;
  /** The ports of its servers. */
  readonly ports: ServerPorts;
}

/** Everything that a gateway part depends on. */
export interface GatewayInputs {
  readonly proxy: Proxy;
  readonly gateways: Mesh["gateways"];
  readonly virtualServices: Table<VirtualServices>;
  readonly services: Table<Service> | undefined;
  readonly listing: Table<Service> | undefined;
  readonly workloads: Table<Workload> | undefined;
  readonly resolver: HostResolver;
  readonly routeRules: RouteRules;
  readonly config: MeshConfig;
  readonly trustDomains: Mesh["peerTrustDomains"];
  readonly logs: ProxyLogs;
  readonly security: SecurityFilters;
  /** The clusters to which servers of mode AUTO_PASSTHROUGH may pass mutual TLS on. */
  readonly passed: readonly ClusterKey[];
}

/** What of a mesh a gateway part depends on. */
export function gatewayInputs(
  mesh: Mesh,
  proxy: Proxy,
  { logs, security, passed }: Pick<GatewayInputs, "logs" | "security" | "passed">,
): GatewayInputs {
  return {
    ...serverInputs(mesh, proxy),
    virtualServices: mesh.gatewayVirtualServices,
    resolver: mesh.resolver,
    routeRules: mesh.routeRules,
    config: mesh.config,
    trustDomains: mesh.peerTrustDomains,
    logs,
    security,
    passed,
  };
}

/** What the servers of a gateway depend on. */
export type ServerInputs = Pick<
  GatewayInputs,
  "proxy" | "gateways" | "services" | "listing" | "workloads"
>;

/** What of a mesh the servers of a gateway depend on. */
export function serverInputs(mesh: Mesh, proxy: Proxy): ServerInputs {
  const place = addressKey(proxy);
  return {
    proxy,
    gateways: mesh.gateways,
    services: mesh.servicesByNamespace.get(proxy.namespace),
    listing: mesh.servicesByAddress.get(place),
    workloads: mesh.workloadsByAddress.get(place),
  };
}

/** Finds the servers of the Gateways of a proxy, those that are served and those that are not. */
export type GatewayServers = (inputs: ServerInputs) => SharedPorts;

/** The finder of servers, which is asked after each edit what is not served. */
export function createGatewayServers(engine: Engine): GatewayServers {
  return engine.memoFields<ServerInputs, SharedPorts>(
    "servers of a gateway",
    { proxy: true, gateways: true, services: true, listing: true, workloads: true },
    serversOf,
  );
}

/** The servers of the Gateways of a proxy; see `createGatewayServers` for who asks again and again. */
export function serversOf(inputs: ServerInputs): SharedPorts {
  const services = servedServices(inputs);
  const served = servedPorts(services, workloadOf(inputs.proxy, inputs.workloads));
  const gateways = gatewaysOf(inputs.gateways, inputs.proxy, services);
  return sharingPorts(gatewayServers(gateways, served, (bind) => listensOn(bind, inputs.proxy)));
}

/** The gateway as a client, to which DestinationRules may apply. */
const clientOf = ({ proxy, config }: GatewayInputs) => ({
  clientNamespace: proxy.namespace,
  clientLabels: proxy.labels,
  rootNamespace: config.rootNamespace,
});

/**
 * The address that a server listens on. A gateway that captures nothing shares its machine with others, so it keeps to its own
 * where a server names none.
 */
function listensOn(bind: string, proxy: Proxy): string {
  const named = bind === "" && proxy.mode === "NONE" ? proxy.address : bind;
  return anyAddressOf(named === "" ? ANY_ADDRESS : named, familiesOf(proxy));
}

/** The VirtualServices that say where the connections of servers go which are passed on as bytes. */
function passingSources(
  servers: readonly GatewayServer[],
  { proxy }: GatewayInputs,
  { virtualServices }: GatewayRouteContext,
): readonly ResourceRef[] {
  const passing = servers.filter((one) => gatewayRouteName(one) === undefined);
  const bound = passing.flatMap((one) =>
    boundTo(one, virtualServices(one.gatewayKey), proxy.namespace),
  );
  return [...new Set(bound.map(({ source }) => source))];
}

function listenersOf(
  encoder: Encoder,
  inputs: GatewayInputs,
  servers: readonly GatewayServer[],
  {
    context,
    tables,
  }: { readonly context: GatewayRouteContext; readonly tables: readonly GatewayTable[] },
): readonly EnvoyResource[] {
  const { proxy, config, trustDomains, logs, security } = inputs;
  const options = {
    ...logs,
    security,
    pathNormalization: config.pathNormalization.normalization,
    headers: httpSettings(config, proxy),
    connections: connectionSettings(proxy, "outbound"),
    topology: proxy.gatewayTopology ?? config.defaultConfig.gatewayTopology,
    tls: { trustDomains, meshMTLS: config.meshMTLS, tlsDefaults: config.tlsDefaults },
    virtualServices: context.virtualServices,
    namespace: proxy.namespace,
    chains: {
      gateways: [],
      resolver: inputs.resolver,
      namespace: proxy.namespace,
      byName: false,
      source: undefined,
      policyOf: (key: ClusterKey) => routePolicy(inputs.routeRules, clientOf(inputs), key),
    },
    families: familiesOf(proxy),
    filters: filtersByRoutes(tables.flatMap(({ hosts }) => hosts)),
    onLoopback: isOnLoopback(proxy),
    passed: inputs.passed,
  };
  const possible = servers.filter(({ listenPort }) => !(proxy.unprivileged && listenPort < 1024));
  const byAddress = groupBy(possible, ({ address }) => address);
  return [...byAddress]
    .flatMap(([address, sharing]) =>
      [...groupBy(sharing, ({ listenPort }) => listenPort)].map(([port, members]) => ({
        at: { address, port },
        members,
      })),
    )
    .map(({ at, members }) =>
      sharedListener(encoder, {
        name: listenAt(at, options.families).name,
        members,
        make: (some) => gatewayListener(some, at, options),
        sourcesOf: (some) => [...gatewaySources(some), ...passingSources(some, inputs, context)],
      }),
    )
    .filter((listener) => listener !== undefined);
}

/** A route configuration, before it is joined. */
interface GatewayTable {
  readonly name: string;
  readonly hosts: readonly VirtualHostResource[];
  /** The Gateways of its servers. */
  readonly sources: readonly ResourceRef[];
}

/** The servers of each route configuration, by its name. */
const byRouteName = (
  servers: readonly GatewayServer[],
): readonly (readonly [name: string, members: readonly GatewayServer[]])[] =>
  [...groupBy(servers, (one) => gatewayRouteName(one) ?? "")].filter(([name]) => name !== "");

/** The virtual hosts of each in the order of the hosts. */
function tablesOf(
  encoder: Encoder,
  servers: readonly GatewayServer[],
  context: GatewayRouteContext,
): readonly GatewayTable[] {
  const besideOf = hostsBeside(servers);
  return byRouteName(servers).map(([name, members]) => ({
    name,
    hosts: gatewayVirtualHosts(members, context, besideOf(members)).map((host) =>
      encodeVirtualHost(encoder, name, host),
    ),
    sources: gatewaySources(members),
  }));
}

/** The resources that declare some servers, each once. */
const gatewaySources = (servers: readonly GatewayServer[]): readonly ResourceRef[] => {
  const refs = servers.map(({ gateway }) => originOf(gateway));
  return [...new Map(refs.map((ref) => [formatRef(ref), ref])).values()];
};

type Sift = (table: Table<VirtualHostResource>) => Sifted<VirtualHostResource>;

function routesOf(encoder: Encoder, gatewayTables: readonly GatewayTable[], sift: Sift): RouteSets {
  const all = gatewayTables.flatMap(({ hosts }) => hosts);
  const { sent, withheld } = sift(Table.from(all.map((host) => [host.name, host] as const)));
  const tables = gatewayTables.map(({ name, hosts, sources }) => {
    const head = routeConfigurationHead(name);
    const kept = hosts.flatMap((host) => sent.get(host.name) ?? []);
    const made = { leftOut: hosts.flatMap(({ refusal }) => refusal ?? []), sources };
    const whole = joinRouteConfiguration(encoder, head, kept, made);
    // Envoy would wait for the virtual hosts of one that has none.
    const isEmpty = kept.length === 0 && !hosts.some((host) => withheld.has(host.name));
    const split = isEmpty ? whole : splitRouteConfiguration(encoder, head, made);
    return { whole, split };
  });
  return {
    routes: resourceSet(tables.map(({ whole }) => whole)),
    splitRoutes: resourceSet(tables.map(({ split }) => split)),
    virtualHosts: overlay(sent, withheld),
  };
}

/** The clusters that policies and servers ask for beyond those of the services. */
function clustersOf(
  { security, passed, config }: GatewayInputs,
  servers: readonly GatewayServer[],
): readonly Built<ClusterJson>[] {
  const own = servers.flatMap((one) => passedTo(one, passed));
  const sources = gatewaySources(servers);
  return [
    ...security.clusters,
    ...[...new Set(own)].map((key) => {
      const json = passedCluster(key, config.connectTimeout);
      return { name: json.name ?? "", json, sources };
    }),
  ];
}

const endpointsOf = ({ edsClusterConfig }: ClusterJson): Pick<EnvoyResource, "endpoints"> => {
  const { serviceName } = edsClusterConfig ?? {};
  return serviceName === undefined ? {} : { endpoints: serviceName };
};

/** Which ports servers have, and where they listen. */
const portsOf = (servers: readonly GatewayServer[]): ServerPorts => ({
  routes: byRouteName(servers).map(([name, members]) => ({
    name,
    ports: [...new Set(members.map(({ server }) => serverPort(server)))],
  })),
  served: servers.map(({ server, listenPort }) => ({ port: serverPort(server), listenPort })),
});

/** The builder of gateway parts. */
export function createGatewayPart(
  engine: Engine,
  encoder: Encoder,
  gatewayServersOf: GatewayServers,
): (inputs: GatewayInputs) => GatewayPart {
  const sifters = new WeakMap<Proxy, Sift>();
  const sifterOf = (proxy: Proxy): Sift => {
    const sift = sifters.get(proxy) ?? createLastGood<VirtualHostResource>(engine);
    sifters.set(proxy, sift);
    return sift;
  };
  return engine.memoFields<GatewayInputs, GatewayPart>(
    "gateway part",
    {
      proxy: true,
      gateways: true,
      virtualServices: true,
      services: true,
      listing: true,
      workloads: true,
      resolver: true,
      routeRules: true,
      config: true,
      trustDomains: true,
      logs: true,
      security: true,
      passed: true,
    },
    (inputs) => {
      const { served: servers } = gatewayServersOf(inputs);
      const headers = httpSettings(inputs.config, inputs.proxy);
      const context: GatewayRouteContext = {
        resolver: inputs.resolver,
        source: {
          namespace: inputs.proxy.namespace,
          labels: inputs.proxy.labels,
          byName: false,
        },
        retries: inputs.config.defaultHttpRetryPolicy,
        sendsAttemptCount: sendsAttemptCount(headers),
        sendsForwardedHost: sendsForwardedHost(headers),
        hashPolicy: hashPolicies(inputs.routeRules, clientOf(inputs)),
        virtualServices: (key) => inputs.virtualServices.get(key) ?? [],
      };
      const tables = engine.lazy(() => tablesOf(encoder, servers, context));
      const listeners = () =>
        listenersOf(encoder, inputs, servers, { context, tables: tables.get() });
      const clusters = clustersOf(inputs, servers).map((cluster) => ({
        ...encodeResource(encoder, MESSAGE.cluster, cluster),
        ...endpointsOf(cluster.json),
      }));
      return {
        clusters: resourceSet(clusters),
        listeners: engine.lazy(() => resourceSet(listeners())),
        routes: engine.lazy(() => routesOf(encoder, tables.get(), sifterOf(inputs.proxy))),
        ports: portsOf(servers),
      };
    },
  );
}
