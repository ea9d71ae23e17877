/** The virtual hosts of sidecars: what becomes of requests for the hosts that they can see. */
import { sendsAttemptCount, sendsForwardedHost } from "../../mesh/proxy/http-settings.js";
import { listenerProtocol } from "../../mesh/service/protocol.js";
import {
  isHeadless,
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
import { madeOr, partsOrFault } from "../resource/built.js";
import { defaultRoute } from "../route/default-route.js";
import { hashPolicies } from "../route/hash-policy.js";
import { httpRoutes } from "../route/http-route.js";
import { addressDomains } from "../route/virtual-host.js";
import { clientOf, type HostContext, type HostPlan, namesOf, sourcesOf } from "./host-plan.js";
import { isListenerOf, proxyRoutes, routeNamesOf } from "./host-tables.js";
import { addressesFor, isByName } from "./outbound-scope.js";
import { routesOfBytes, tunnelsToOthers } from "./tunnel-plans.js";

/** The port that clients of an HTTP proxy mean who name none. */
const PORT_WITHOUT_SERVICE = 80;

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
