/** The virtual hosts of sidecars: what becomes of requests for the hosts that they can see. */
import { defined } from "../../base/defined.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { ResourceRef } from "../../config/resource.js";
import type { Mesh } from "../../mesh/mesh.js";
import { sendsAttemptCount, sendsForwardedHost } from "../../mesh/proxy/http-settings.js";
import { type RouteClient, type RouteRules, routePolicy } from "../../mesh/routing/route-rules.js";
import { MESH_GATEWAY } from "../../mesh/routing/virtual-service.js";
import type { MixedPorts } from "../../mesh/service/mixed-ports.js";
import { listenerProtocol } from "../../mesh/service/protocol.js";
import {
  isHeadless,
  isUndeclared,
  lookedUpPorts,
  type Service,
  type ServicePort,
} from "../../mesh/service/service.js";
import { leadsAnywhere } from "../../mesh/sidecar/sidecar.js";
import type { HostView } from "../../mesh/view/host-view.js";
import {
  portsWithoutService,
  viewWithoutService,
  virtualServicesAt,
} from "../../mesh/view/view-on-port.js";
import type { RouteJson, VirtualHostJson } from "../api.js";
import { calledPodOf, hasCalledPods } from "../filter/called-pod.js";
import { routedChains, wholePort } from "../listener/entry-chains.js";
import { blocksAsked, type ChainContext, type TcpChain } from "../listener/l4-chains.js";
import { requestTables, sharedRoutes } from "../listener/request-tables.js";
import { HTTP_PROXY_ROUTE } from "../names.js";
import { madeOr, partsOrFault } from "../resource/built.js";
import { defaultRoute } from "../route/default-route.js";
import { hashPolicies } from "../route/hash-policy.js";
import { httpRoutes } from "../route/http-route.js";
import { bytesRoute, chainTo, tunnelRoute } from "../route/tunnel-route.js";
import { addressDomains, hostDomains, ownDomains } from "../route/virtual-host.js";
import { addressesFor, hasHttpProxy, isByName, type OutboundScope } from "./outbound-scope.js";

/** What virtual hosts depend on, beside the hosts. */
export interface HostContext {
  readonly scope: OutboundScope;
  readonly mesh: Pick<Mesh, "resolver">;
  readonly rootNamespace: string;
  readonly routeRules: RouteRules;
  readonly mixedPorts: MixedPorts;
  /** The mesh's policy for routes that say nothing of retries. */
  readonly retries: HTTPRetry | undefined;
}

/** The port that clients of an HTTP proxy mean who name none. */
const PORT_WITHOUT_SERVICE = 80;

/** Who calls, as rules for what is called ask for it. */
const clientOf = ({ scope, rootNamespace }: HostContext): RouteClient => ({
  clientNamespace: scope.namespace,
  clientLabels: scope.labels,
  rootNamespace,
});

function routesOf(view: HostView, port: number, context: HostContext): RouteJson[] {
  const hash = hashPolicies(context.routeRules, clientOf(context));
  for (const virtualService of virtualServicesAt(view, port)) {
    const routes = httpRoutes(virtualService, {
      listenPort: port,
      encrypted: false,
      gateways: new Set(["mesh"]),
      resolver: context.mesh.resolver,
      source: { ...context.scope, byName: isByName(context.scope) },
      retries: context.retries,
      sendsForwardedHost: sendsForwardedHost(context.scope.settings.headers),
      hashPolicy: hash,
    });
    if (routes.length > 0) return routes;
  }
  const key = { port, subset: "", hostname: view.service?.aliasOf ?? view.hostname };
  const { service } = view;
  if (service === undefined) return [];
  const lookUpPort = lookedUpPorts(service, isByName(context.scope)).get(port);
  return [defaultRoute(key, { hash: hash(key), retries: context.retries, lookUpPort })];
}

/** What the chains depend on whose connections come through tunnels. */
function tunnelContext(context: HostContext): ChainContext {
  const client = clientOf(context);
  return {
    gateways: [MESH_GATEWAY],
    resolver: context.mesh.resolver,
    namespace: context.scope.namespace,
    ...defined({ egress: context.scope.egress }),
    byName: isByName(context.scope),
    source: context.scope,
    policyOf: (key) => routePolicy(context.routeRules, client, key),
  };
}

/** The ways of a host's connections for a port, with the blocks of addresses that its listener would ask for. */
const chainsOfTunnels = (
  { connections }: HostView,
  port: ServicePort,
  context: ChainContext,
): readonly TcpChain[] =>
  routedChains(connections, port, context).map((chain) => ({
    ...chain,
    prefixes: blocksAsked(chain.prefixes),
  }));

/**
 * What becomes of bytes for a port: those of a tunnel (CONNECT), and where the port carries nothing else, of requests. They go
 * to its service, or to where VirtualServices send the connections of the port.
 */
function routesOfBytes(
  view: HostView,
  service: Service,
  port: ServicePort,
  context: HostContext,
): readonly RouteJson[] {
  const chains = tunnelContext(context);
  const called = {
    names: namesOf(view, context),
    addresses: addressesFor(service, context.scope.dns.allocated),
  };
  const routed = chainTo(called, chainsOfTunnels(view, port, chains));
  const whole = { ...wholePort(service, port, chains), mixed: isUndeclared(service, port) };
  const target = routed?.target ?? whole;
  const tunnel = tunnelRoute(target, routed?.part);
  const isBytesAlone = listenerProtocol(port.protocol) === "tcp";
  return isBytesAlone ? [tunnel, bytesRoute(target, routed?.part)] : [tunnel];
}

/** A virtual host to be made, and for which table. */
export interface HostPlan {
  readonly routeName: string;
  readonly json: VirtualHostJson;
  readonly sources: readonly ResourceRef[];
  readonly ofOthers?: boolean;
  /** See Built: it has no routes then. */
  readonly fault?: unknown;
}

/** The configuration that says what becomes of requests for a host. */
function sourcesOf(
  { service, rule }: HostView,
  virtualServices: HostView["virtualServices"],
): readonly ResourceRef[] {
  return [...virtualServices, service, rule].flatMap((one) => one?.source ?? []);
}

/** The names by which callers mean a host; short ones are those of services alone. */
const namesOf = ({ hostname, service }: HostView, { scope, mesh }: HostContext) =>
  service === undefined
    ? ownDomains(hostname)
    : hostDomains(hostname, scope.namespace, mesh.resolver.domain);

/** The names below those of a service, by which callers mean one of its pods; none of a service that has an address. */
const podNames = ({ service }: HostView, names: readonly string[]): readonly string[] =>
  service !== undefined && isHeadless(service) ? names.map((name) => `*.${name}`) : [];

/** How requests for these names of a host name its pods, where that is not for the address to say. */
const podsCalled = (
  { service }: HostView,
  names: readonly string[],
  { scope }: HostContext,
): Pick<VirtualHostJson, "typedPerFilterConfig"> =>
  service !== undefined && hasCalledPods(service, scope)
    ? { typedPerFilterConfig: calledPodOf(names) }
    : {};

/** The virtual host of a port for clients that send the host alone, whatever the port. */
function portHost(view: HostView, port: number, routeName: string, context: HostContext): HostPlan {
  const { scope } = context;
  const names = namesOf(view, context);
  const { parts: routes, ...made } = partsOrFault(() => routesOf(view, port, context));
  const domains = [
    ...names,
    ...podNames(view, names),
    ...addressDomains(
      view.service === undefined ? [] : addressesFor(view.service, scope.dns.allocated),
    ),
  ];
  return {
    ...made,
    routeName,
    json: {
      name: `${view.hostname}:${String(port)}`,
      // A table of its own is for connections to the service's address, whatever they call it.
      domains: routeName === String(port) ? domains : ["*"],
      routes,
      ...podsCalled(view, names, context),
      includeRequestAttemptCount: sendsAttemptCount(scope.settings.headers),
    },
    sources: sourcesOf(view, virtualServicesAt(view, port)),
  };
}

/** The virtual host of a port for clients of an HTTP proxy, which name the port unless it is 80. */
function proxyHost(
  view: HostView,
  port: ServicePort | undefined,
  context: HostContext,
  routeName: string,
): HostPlan {
  const { scope } = context;
  const number = port?.number ?? PORT_WITHOUT_SERVICE;
  const kind = port === undefined ? "http" : listenerProtocol(port.protocol);
  const { service } = view;
  const named = namesOf(view, context);
  const names = [...named, ...podNames(view, named), ...addressDomains(service?.addresses ?? [])];
  const withPort = names.map((name) => `${name}:${String(number)}`);
  const isHttp = kind === "http" || service === undefined || port === undefined;
  const { parts: ofBytes, ...bytesMade } = partsOrFault(() =>
    isHttp ? [] : [...routesOfBytes(view, service, port, context)],
  );
  const { parts: ofRequests, ...made } = partsOrFault(() =>
    kind === "tcp" ? [] : routesOf(view, number, context),
  );
  return {
    ...bytesMade,
    ...made,
    routeName,
    json: {
      name: `${view.hostname}:${String(number)}`,
      domains: number === PORT_WITHOUT_SERVICE ? [...names, ...withPort] : withPort,
      routes: [...ofBytes, ...ofRequests],
      ...podsCalled(view, named, context),
      includeRequestAttemptCount: sendsAttemptCount(scope.settings.headers),
    },
    sources: sourcesOf(view, [
      ...new Set([
        ...virtualServicesAt(view, number),
        ...(ofBytes.length === 0 ? [] : view.connections),
      ]),
    ]),
  };
}

/**
 * The virtual hosts of a port for tunnels to other hosts, which a VirtualService that is for the host too tells apart by their
 * server names: as on the listener of the port, where its routes take the connections of all of them.
 */
function tunnelsToOthers(
  view: HostView,
  port: ServicePort,
  context: HostContext,
  routeName: string,
): readonly HostPlan[] {
  const own = new Set(namesOf(view, context));
  const { parts: chains, ...made } = partsOrFault(() => [
    ...chainsOfTunnels(view, port, tunnelContext(context)),
  ]);
  const sources = sourcesOf(view, view.connections);
  if (made.fault !== undefined) {
    const name = `${view.hostname}:${String(port.number)} for others`;
    return [{ ...made, routeName, json: { name }, sources, ofOthers: true }];
  }
  return chains.flatMap(({ serverNames, prefixes, target, part }) => {
    const others = prefixes.length === 0 ? serverNames.filter((name) => !own.has(name)) : [];
    const [first] = others;
    if (first === undefined) return [];
    return [
      {
        routeName,
        json: {
          name: `${view.hostname}:${String(port.number)} for ${first}`,
          domains: others.map((name) => `${name}:${String(port.number)}`),
          routes: [tunnelRoute(target, part)],
          includeRequestAttemptCount: sendsAttemptCount(context.scope.settings.headers),
        },
        sources,
        ofOthers: true,
      },
    ];
  });
}

/**
 * The route configurations for a port of a service; none where none is for its requests. One that has its own is in that of
 * its port too, for requests that come to another address. See Istio, BuildSidecarOutboundVirtualHosts.
 */
function routeNamesOf(
  service: Service,
  port: ServicePort,
  { scope: { captured, egress, dns }, mixedPorts }: HostContext,
): readonly string[] {
  const carried = { ...port, protocol: egress?.port?.protocol ?? port.protocol };
  if (listenerProtocol(carried.protocol) === "tcp") return [];
  const known = { ...service, addresses: addressesFor(service, dns.allocated) };
  const { shared, own } = requestTables(known, carried, egress);
  // What callers reach by a port that has a listener of its own is for that one to say.
  const others = egress?.others.includes(port.number) === true ? [] : [shared];
  // Captured connections to an alias are addressed to what it stands for, which tells by itself what they carry.
  const isOfTarget = service.aliasOf !== undefined && listenerProtocol(port.protocol) !== "http";
  const tables = own === undefined || isOfTarget ? [] : [own];
  // Without captured addresses the service's own address says nothing.
  const isTold = captured && (isOfTarget || own !== undefined);
  if (!isTold) return others;
  return isMixed(port, egress, mixedPorts) ? [...tables, ...others] : tables;
}

/** Whether requests for a port that has its own tables may yet come to the listener of all that have the port. */
const isMixed = (
  { number }: ServicePort,
  egress: OutboundScope["egress"],
  mixedPorts: MixedPorts,
): boolean => egress?.port === undefined && mixedPorts.has(number);

/** The route configurations of HTTP proxies by which callers reach a host. */
function proxyRoutes(scope: OutboundScope): readonly string[] {
  const { egress } = scope;
  const port = egress?.port;
  const isProxy =
    port !== undefined && leadsAnywhere(port) && listenerProtocol(port.protocol) === "http";
  const own = isProxy ? [sharedRoutes(egress) ?? ""] : [];
  return hasHttpProxy(scope) ? [...own, HTTP_PROXY_ROUTE] : own;
}

/** Whether the listener of a scope is that for the requests of a port. */
function isListenerOf({ egress }: OutboundScope, port: number): boolean {
  if (egress?.port === undefined) return egress?.others.includes(port) !== true;
  return !leadsAnywhere(egress.port) && egress.port.number === port;
}

/** The virtual hosts of a host on ports that no service of it has. */
function plansWithoutService(view: HostView, context: HostContext): readonly HostPlan[] {
  const ports = portsWithoutService(view).filter((port) => isListenerOf(context.scope, port));
  return ports.flatMap((port) => {
    const seen = viewWithoutService(view, port);
    return seen === undefined ? [] : [portHost(seen, port, String(port), context)];
  });
}

/** The virtual hosts of a service's ports. */
function servicePlans(view: HostView, service: Service, context: HostContext): readonly HostPlan[] {
  const { scope } = context;
  const isAnywhere = scope.egress?.port !== undefined && leadsAnywhere(scope.egress.port);
  return service.ports.flatMap((port) => {
    const kind = listenerProtocol(port.protocol);
    if (kind === "none") return [];
    const tables = kind === "tcp" || isAnywhere ? [] : routeNamesOf(service, port, context);
    return [
      ...tables.map((name) => portHost(view, port.number, name, context)),
      ...proxyRoutes(scope).flatMap((name) => [
        proxyHost(view, port, context, name),
        ...tunnelsToOthers(view, port, context, name),
      ]),
    ];
  });
}

/**
 * The virtual hosts for clients of an HTTP proxy of a host without a service, or with one that has other ports than that of
 * requests that name none. See Istio, buildSidecarVirtualHostsForVirtualService, of listeners.
 */
function proxiedWithoutService(view: HostView, context: HostContext): readonly HostPlan[] {
  const seen = viewForProxies(view);
  if (seen === undefined) return [];
  return proxyRoutes(context.scope).map((name) => proxyHost(seen, undefined, context, name));
}

function viewForProxies(view: HostView): HostView | undefined {
  const { service, servedPorts = [] } = view;
  if (service === undefined) return servedPorts.includes(PORT_WITHOUT_SERVICE) ? undefined : view;
  return viewWithoutService(view, PORT_WITHOUT_SERVICE);
}

const leadsAnyone = ({ json, fault }: HostPlan): boolean =>
  (json.routes ?? []).length > 0 || fault !== undefined;

/** A virtual host without the names for which its table has another of the same name, as some names of a host are for a service. */
function besides(plan: HostPlan, others: readonly HostPlan[]): readonly HostPlan[] {
  const { routeName, json } = plan;
  const other = others.find((one) => one.routeName === routeName && one.json.name === json.name);
  if (other === undefined) return [plan];
  const taken = new Set(other.json.domains);
  const domains = (json.domains ?? []).filter((domain) => !taken.has(domain));
  const [first] = domains;
  if (first === undefined) return [];
  return [{ ...plan, json: { ...json, name: `${json.name ?? ""} for ${first}`, domains } }];
}

/** All virtual hosts of a host; where that ends in an exception, a fault of ours, those of its ports are withheld. */
export const hostPlans = (view: HostView, context: HostContext): readonly HostPlan[] =>
  madeOr(
    () => allPlans(view, context),
    (fault) => faultyPlans(view, fault),
  );

function faultyPlans(view: HostView, fault: unknown): readonly HostPlan[] {
  const ports = view.service?.ports.map(({ number }) => number) ?? portsWithoutService(view);
  const sources = sourcesOf(view, view.virtualServices);
  return ports.map((port) => {
    const json = { name: `${view.hostname}:${String(port)}` };
    return { routeName: String(port), json, sources, fault };
  });
}

function allPlans(view: HostView, context: HostContext): readonly HostPlan[] {
  const { service } = view;
  const named = [
    ...proxiedWithoutService(view, context),
    ...plansWithoutService(view, context),
  ].filter(leadsAnyone);
  const own = service === undefined ? [] : servicePlans(view, service, context);
  return [...own.filter(leadsAnyone).flatMap((plan) => besides(plan, named)), ...named];
}
