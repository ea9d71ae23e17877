/** The route configurations of a gateway. */
import { serverPort } from "../../config/kinds/networking/gateway.js";
import type { ResourceRef } from "../../config/resource.js";
import { type GatewayServer, parseServerHost } from "../../mesh/gateway/gateway.js";
import { compareSpecificity, isSubsetOf, isWildcard } from "../../mesh/hostname.js";
import { originOf } from "../../mesh/made-of.js";
import { seenFrom, type VirtualService } from "../../mesh/routing/virtual-service.js";
import { isHttp } from "../../mesh/service/protocol.js";
import type { RouteJson, VirtualHostJson } from "../api.js";
import { type Built, partsOrFault } from "../resource/built.js";
import { terminatesTls } from "../tls/gateway-tls.js";
import { httpRoutes } from "./http-route.js";
import type { RouteContext } from "./matched-route.js";
import { misdirectedHosts } from "./misdirected.js";
import { isCatchAll } from "./route-match.js";

/**
 * The name of the routes of a server: those of plain HTTP are shared by all servers of a port, TLS has its own for each
 * server. undefined for servers that carry no HTTP. See Istio, GatewayRDSRouteName.
 */
export function gatewayRouteName({
  gateway,
  server,
  protocol,
  listenPort,
  bind,
}: GatewayServer): string | undefined {
  const suffix = bind === "" ? "" : `.${bind}`;
  if (isHttp(protocol)) return `http.${String(listenPort)}${suffix}`;
  if (protocol !== "HTTPS" || !terminatesTls(server)) return undefined;
  const { name, namespace } = gateway.metadata;
  return `https.${String(serverPort(server))}.${server.port.name}.${name}.${namespace}${suffix}`;
}

/** The hosts of a VirtualService that a server serves for it: the narrower of the two where one is a wildcard. */
function boundHosts(
  { gateway, server }: GatewayServer,
  virtualService: VirtualService,
): readonly string[] {
  const hosts = server.hosts
    .map((host) => parseServerHost(host, gateway.metadata.namespace))
    .filter(({ namespace }) => namespace === "*" || namespace === virtualService.namespace)
    .flatMap(({ host }) =>
      virtualService.hosts.flatMap((own) => {
        if (isSubsetOf(own, host)) return [own];
        return isSubsetOf(host, own) ? [host] : [];
      }),
    );
  return [...new Set(hosts)];
}

/** The VirtualServices that are bound to a server, the one that wins first; `namespace` is the proxy's. */
export function boundTo(
  one: GatewayServer,
  virtualServices: readonly VirtualService[],
  namespace: string,
): readonly VirtualService[] {
  return seenFrom(namespace, virtualServices).filter(
    (virtualService) => boundHosts(one, virtualService).length > 0,
  );
}

interface HostRoutes {
  readonly port: number;
  /** The same object for all hosts of a VirtualService. */
  readonly routes: readonly RouteJson[];
  readonly sources: readonly ResourceRef[];
  readonly httpsOnly: boolean;
  /** See Built: the routes are none then. */
  readonly fault?: unknown;
}

/** What the routes of a gateway depend on beside its servers. */
export interface GatewayRouteContext
  extends Omit<RouteContext, "listenPort" | "encrypted" | "gateways"> {
  /** Requests say how often they were tried. */
  readonly sendsAttemptCount: boolean;
  /** The VirtualServices of a Gateway by its key, the one that wins first. */
  readonly virtualServices: (gatewayKey: string) => readonly VirtualService[];
}

/** Routes that take every request come last, so that those of other VirtualServices for the host are reached. */
function catchAllLast(routes: readonly RouteJson[]): readonly RouteJson[] {
  return [...routes.filter((route) => !isCatchAll(route)), ...routes.filter(isCatchAll)];
}

/** The routes of one VirtualService. */
type OwnRoutes = Pick<HostRoutes, "routes" | "fault">;

type RoutesOf = (one: GatewayServer, virtualService: VirtualService) => OwnRoutes;

function ownRoutes(virtualService: VirtualService, context: RouteContext): OwnRoutes {
  const { parts: routes, ...made } = partsOrFault(() => httpRoutes(virtualService, context));
  return { routes, ...made };
}

/** The routes of VirtualServices on a Gateway: the same for all its servers with one route configuration. */
function createRoutesOf(context: GatewayRouteContext): RoutesOf {
  const known = new Map<string, Map<VirtualService, OwnRoutes>>();
  return (one, virtualService) => {
    const ofGateway = known.get(one.gatewayKey) ?? new Map<VirtualService, OwnRoutes>();
    known.set(one.gatewayKey, ofGateway);
    const routes =
      ofGateway.get(virtualService) ??
      ownRoutes(virtualService, {
        ...context,
        listenPort: serverPort(one.server),
        encrypted: terminatesTls(one.server),
        gateways: new Set([one.gatewayKey]),
      });
    ofGateway.set(virtualService, routes);
    return routes;
  };
}

function bound(
  one: GatewayServer,
  context: GatewayRouteContext,
  routesOf: RoutesOf,
): readonly { readonly host: string; readonly routes: HostRoutes }[] {
  const port = serverPort(one.server);
  const candidates = context.virtualServices(one.gatewayKey);
  return boundTo(one, candidates, context.source.namespace).flatMap((virtualService) => {
    const own = routesOf(one, virtualService);
    if (!saysAnything(own)) return [];
    const sources = [virtualService.source, originOf(one.gateway)];
    const httpsOnly = one.server.tls?.httpsRedirect === true;
    return boundHosts(one, virtualService).map((host) => ({
      host,
      routes: { ...own, port, sources, httpsOnly },
    }));
  });
}

const saysAnything = ({ routes, fault }: OwnRoutes): boolean =>
  routes.length > 0 || fault !== undefined;

/** Servers that only redirect to HTTPS need no VirtualService to do so. */
function redirecting(one: GatewayServer): readonly { host: string; routes: HostRoutes }[] {
  if (one.server.tls?.httpsRedirect !== true) return [];
  const port = serverPort(one.server);
  return one.server.hosts.map((host) => ({
    host: parseServerHost(host, one.gateway.metadata.namespace).host,
    routes: { port, routes: [], sources: [originOf(one.gateway)], httpsOnly: true },
  }));
}

/** The virtual host of some hosts with the same routes; the first names it. */
function hostOf(
  [host = "", ...others]: readonly string[],
  all: readonly HostRoutes[],
  includeRequestAttemptCount: boolean,
) {
  const port = all[0]?.port ?? 0;
  const name = `${host}:${String(port)}`;
  const routes = catchAllLast(all.flatMap((one) => one.routes));
  const [faulty] = all.filter((one) => one.fault !== undefined);
  return {
    name,
    // With the routes of the others alone it would send requests elsewhere.
    ...(faulty && { fault: faulty.fault }),
    json: {
      name,
      domains: [host, ...others],
      routes: [...routes],
      includeRequestAttemptCount,
      ...(all.some((one) => one.httpsOnly) ? { requireTls: "ALL" as const } : {}),
    },
    sources: [...new Set(all.flatMap((one) => one.sources))],
  };
}

/** Answers 404 on a port to which no VirtualService is bound. */
function nothingBound(port: number): Built<VirtualHostJson> {
  const name = `blackhole:${String(port)}`;
  return { name, json: { name, domains: ["*"], routes: [] }, sources: [] };
}

/**
 * Hosts with the same routes, together: their routes are sent once. The longest host comes first, and wildcards last. See
 * Istio, collapseDuplicateRoutes and host.Names.
 */
function together(
  byHost: ReadonlyMap<string, readonly HostRoutes[]>,
): readonly (readonly [hosts: readonly string[], routes: readonly HostRoutes[]])[] {
  const numbers = new Map<readonly RouteJson[], number>();
  const numberOf = (routes: readonly RouteJson[]): number => {
    const number = numbers.get(routes) ?? numbers.size;
    numbers.set(routes, number);
    return number;
  };
  const keyOf = (all: readonly HostRoutes[]): string => {
    const said = all.filter(saysAnything);
    const isHttpsOnly = all.some(({ httpsOnly }) => httpsOnly);
    return `${String(isHttpsOnly)} ${said.map(({ routes }) => numberOf(routes)).join(" ")}`;
  };
  const sorted = [...byHost].sort(([a], [b]) => compareNames(a, b));
  const groups = new Map<string, [string[], readonly HostRoutes[]]>();
  for (const [host, routes] of sorted) {
    const key = keyOf(routes);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [[host], routes]);
    else group[0].push(host);
  }
  return [...groups.values()];
}

function compareNames(a: string, b: string): number {
  const isSameKind = isWildcard(a) === isWildcard(b);
  return isSameKind && a.length !== b.length ? b.length - a.length : compareSpecificity(a, b);
}

/**
 * The virtual hosts of the servers that share a route configuration: one for all hosts with the same routes, which are those
 * of all VirtualServices for a host, the older ones first. See Istio, "Gateway", and its rules for merging VirtualServices.
 * `beside` are the hosts of the listeners of the same port, to which others of their hosts belong.
 */
export function gatewayVirtualHosts(
  servers: readonly GatewayServer[],
  context: GatewayRouteContext,
  beside: ReadonlySet<string>,
): readonly Built<VirtualHostJson>[] {
  const byHost = new Map<string, HostRoutes[]>();
  const routesOf = createRoutesOf(context);
  for (const server of servers) {
    for (const { host, routes } of [...bound(server, context, routesOf), ...redirecting(server)]) {
      // Envoy refuses a table with one host in two cases.
      const key = host.toLowerCase();
      byHost.set(key, [...(byHost.get(key) ?? []), routes]);
    }
  }
  const [first] = servers;
  const misdirected =
    first === undefined ? [] : misdirectedHosts(first, beside, new Set(byHost.keys()));
  const isAnswered = misdirected.some(({ json }) => json.domains?.includes("*") === true);
  if (byHost.size === 0 && !isAnswered) {
    return [...misdirected, nothingBound(first === undefined ? 0 : serverPort(first.server))];
  }
  const routed = together(byHost)
    .map(([hosts, routes]) => hostOf(hosts, routes, context.sendsAttemptCount))
    .sort((a, b) => compareSpecificity(a.name, b.name));
  return [...routed, ...misdirected];
}
