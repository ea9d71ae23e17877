/** Which route configurations, and what in them, a patch is for. See Istio, EnvoyFilter.RouteConfigurationMatch. */
import type { RouteJson, VirtualHostJson } from "../api.js";
import { type CompiledPatch, isWanted } from "./compiled-patch.js";

/** What the name of a route configuration says. */
interface RoutesName {
  readonly port: number;
  /** Of a gateway's routes of an HTTPS server. */
  readonly portName: string;
  readonly gateway: string;
}

/** `80`, `inbound|8080||`, `http.8080` or `https.443.NAME.GATEWAY.NAMESPACE`. See Istio, ParseGatewayRDSRouteName. */
function parseRoutesName(name: string): RoutesName {
  const [kind = "", port = "", portName = "", gateway = "", namespace = ""] = name.split(".");
  if (kind === "http") return { port: Number(port), portName: "", gateway: "" };
  if (kind === "https") return { port: Number(port), portName, gateway: `${namespace}/${gateway}` };
  const [direction, inboundPort] = name.split("|");
  const own = direction === "inbound" ? inboundPort : name.split(":").at(-1);
  return { port: Number(own), portName: "", gateway: "" };
}

/** The port of some servers of a gateway, and on which its proxy listens for them. */
export interface ServedPort {
  readonly port: number;
  readonly listenPort: number;
}

/** What patches for ports ask of the servers of a gateway. */
export interface ServerPorts {
  readonly routes: readonly RouteServers[];
  readonly served: readonly ServedPort[];
}

/** The ports of the servers that share a route configuration. */
export interface RouteServers {
  /** The name of the route configuration. */
  readonly name: string;
  /** The ports as the Gateways have them, which need not be those on which the proxy listens. */
  readonly ports: readonly number[];
}

/**
 * A patch as it is for a gateway with these servers: a port is that of a server, and only that in the name of the routes
 * where no server is known. See Istio, GatewayPortMap.
 */
export function forServers(patch: CompiledPatch, { routes, served }: ServerPorts): CompiledPatch {
  if (patch.phase !== undefined) return forListeners(patch, served);
  const { portNumber = 0 } = patch.match.routeConfiguration ?? {};
  if (portNumber === 0) return patch;
  const known = routes.map(({ name, ports }) => ({ port: parseRoutesName(name).port, ports }));
  const own = known.filter(({ ports }) => ports.includes(portNumber)).map(({ port }) => port);
  const isKnown = known.some(({ port }) => port === portNumber);
  return { ...patch, routePorts: isKnown ? own : [...own, portNumber] };
}

/** The port of an extension is that of a server, wherever that listens. See Istio, TrafficSelector.ports. */
function forListeners(patch: CompiledPatch, served: readonly ServedPort[]): CompiledPatch {
  const { portNumber } = patch.match.listener ?? {};
  if (portNumber === undefined) return patch;
  const own = served.filter(({ port }) => port === portNumber);
  return { ...patch, listenPorts: own.map(({ listenPort }) => listenPort) };
}

/** Whether a patch is for something in the route configuration of a name. */
export function matchesRoutes(name: string, { match, routePorts }: CompiledPatch): boolean {
  const wanted = match.routeConfiguration;
  if (wanted === undefined) return true;
  const found = parseRoutesName(name);
  return (
    (routePorts?.includes(found.port) ?? isWanted(wanted.portNumber, found.port)) &&
    isWanted(wanted.portName, found.portName) &&
    isWanted(wanted.gateway, found.gateway) &&
    isWanted(wanted.name, name)
  );
}

/** Whether a patch is for something in a virtual host of a route configuration that it is for. */
export function matchesVirtualHost(
  { name = "", domains = [] }: Pick<VirtualHostJson, "name" | "domains">,
  { match }: CompiledPatch,
): boolean {
  const { name: wanted, domainName = "" } = match.routeConfiguration?.vhost ?? {};
  return isWanted(wanted, name) && (domainName === "" || domains.includes(domainName));
}

/** Which routes a patch names; undefined when it names none. */
export function namedRoute({ match }: CompiledPatch): ((route: RouteJson) => boolean) | undefined {
  const wanted = match.routeConfiguration?.vhost?.route;
  if (wanted === undefined) return undefined;
  const { name, action = "ANY" } = wanted;
  return (route) =>
    isWanted(name, route.name ?? "") &&
    (action === "ANY" || action === (actionOf(route) ?? action));
}

/** undefined of one that does something for which there is no word, which any word matches. See Istio, routeMatch. */
function actionOf({ route, redirect, directResponse }: RouteJson): string | undefined {
  if (route !== undefined) return "ROUTE";
  if (redirect !== undefined) return "REDIRECT";
  return directResponse === undefined ? undefined : "DIRECT_RESPONSE";
}
