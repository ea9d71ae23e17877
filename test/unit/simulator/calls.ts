import { any } from "../../../src/envoy/any.js";
import type {
  ClusterJson,
  FilterChainJson,
  ListenerFilterJson,
  ListenerJson,
  RouteJson,
} from "../../../src/envoy/api.js";
import type { Call, HttpRequest } from "../../../src/simulator/call.js";
import type { ProxyConfiguration } from "../../../src/simulator/configuration.js";

const NETWORK = "envoy.extensions.filters.network";

/** A configuration of which only a part is given. */
export function configuration({
  listeners = [],
  clusters = [],
}: {
  readonly listeners?: readonly ListenerJson[];
  readonly clusters?: readonly ClusterJson[];
}): ProxyConfiguration {
  return {
    listeners: byName(listeners),
    clusters: byName(clusters),
    routes: new Map(),
    endpoints: new Map(),
  };
}

const byName = <Resource extends { readonly name?: string }>(
  resources: readonly Resource[],
): ReadonlyMap<string, Resource> => new Map(resources.map((one) => [one.name ?? "", one]));

/** A listener on a port of an address. */
export function listener(
  address: string,
  portValue: number,
  rest: Partial<ListenerJson>,
): ListenerJson {
  const name = `${address}_${portValue}`;
  return { name, address: { socketAddress: { address, portValue } }, ...rest };
}

/** A chain that passes bytes on to a cluster. */
export function tcpChain(
  cluster: string,
  filterChainMatch: FilterChainJson["filterChainMatch"] = {},
): FilterChainJson {
  const typedConfig = any(`${NETWORK}.tcp_proxy.v3.TcpProxy`, { cluster });
  return { name: cluster, filterChainMatch, filters: [{ name: "tcp", typedConfig }] };
}

/** A chain that reads HTTP and has these routes for every host. */
export function httpChain(routes: readonly RouteJson[]): FilterChainJson {
  const routeConfig = { virtualHosts: [{ name: "all", domains: ["*"], routes: [...routes] }] };
  const type = `${NETWORK}.http_connection_manager.v3.HttpConnectionManager`;
  return { name: "http", filters: [{ name: "http", typedConfig: any(type, { routeConfig }) }] };
}

/** The listener filters of these names. */
export function inspectors(...names: readonly string[]): ListenerFilterJson[] {
  return names.map((name) => ({ name: `envoy.filters.listener.${name}` }));
}

/** A plaintext connection with bytes that are no HTTP, changed by what is given. */
export function call(given: Partial<Call>): Call {
  return {
    direction: "direct",
    destination: { address: "10.0.0.1", port: 80 },
    encryption: "plaintext",
    serverName: "",
    alpn: [],
    ...given,
  };
}

/** A request for `/`, changed by what is given. */
export function request(given: Partial<HttpRequest>): HttpRequest {
  return {
    version: "http/1.1",
    authority: "shop.example.com",
    method: "GET",
    path: "/",
    headers: {},
    ...given,
  };
}
