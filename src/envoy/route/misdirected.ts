/**
 * Requests over TLS for a host of another listener than their connection is for. Browsers send them, because they reuse a
 * connection for every host that its certificate covers. They are answered with 421, after which the browser sends them again on
 * a connection of their own. See Gateway API, Listener.hostname, and RFC 9110, 15.5.20.
 */
import { type GatewayServer, parseServerHost } from "../../mesh/gateway/gateway.js";
import { isSubsetOf, isWildcard } from "../../mesh/hostname.js";
import { isOfListener, originOf } from "../../mesh/made-of.js";
import type { VirtualHostJson } from "../api.js";
import type { Built } from "../resource/built.js";
import { terminatesTls } from "../tls/gateway-tls.js";

/** The hosts of the listeners of HTTPS at one place. */
type HostsBeside = (servers: readonly GatewayServer[]) => ReadonlySet<string>;

const NONE: ReadonlySet<string> = new Set();

/** Whether a server is a listener of HTTPS of the Gateway API: Istio's own Gateways answer such requests with 404. */
const isOfHttps = ({ gateway, server, protocol }: GatewayServer): boolean =>
  protocol === "HTTPS" && terminatesTls(server) && isOfListener(gateway);

/** A listener has one host, though it may be there for the routes of several namespaces. */
const hostOf = ({ gateway, server }: GatewayServer): string =>
  parseServerHost(server.hosts[0] ?? "", gateway.metadata.namespace).host.toLowerCase();

const placeOf = ({ address, listenPort }: GatewayServer): string =>
  `${address} ${String(listenPort)}`;

/**
 * Finds the hosts of the listeners that share the port of servers with one route configuration, with their own; none where they
 * are no such listener.
 */
export function hostsBeside(servers: readonly GatewayServer[]): HostsBeside {
  const hosts = new Map<string, Set<string>>();
  for (const one of servers.filter(isOfHttps)) {
    const place = placeOf(one);
    hosts.set(place, (hosts.get(place) ?? new Set()).add(hostOf(one)));
  }
  return ([one]) =>
    one !== undefined && isOfHttps(one) ? (hosts.get(placeOf(one)) ?? NONE) : NONE;
}

/** The virtual hosts that answer for those of other listeners, where a listener's routes are for the hosts `served`. */
export function misdirectedHosts(
  one: GatewayServer,
  beside: ReadonlySet<string>,
  served: ReadonlySet<string>,
): readonly Built<VirtualHostJson>[] {
  if (beside.size < 2) return [];
  const own = hostOf(one);
  const closer = isWildcard(own)
    ? [...beside].filter((host) => host !== own && isSubsetOf(host, own) && !served.has(host))
    : [];
  const elsewhere = own === "*" ? closer : [...closer, "*"];
  const sources = [originOf(one.gateway)];
  return [
    // What has no route is not there, though it would be here.
    ...(own === "*" || served.has(own)
      ? []
      : [{ name: own, json: virtualHost(own, [own]), sources }]),
    ...(elsewhere.length === 0
      ? []
      : [{ name: MISDIRECTED, json: virtualHost(MISDIRECTED, elsewhere, 421), sources }]),
  ];
}

const MISDIRECTED = "misdirected";

function virtualHost(name: string, domains: readonly string[], status?: number): VirtualHostJson {
  const routes =
    status === undefined ? [] : [{ name, match: { prefix: "/" }, directResponse: { status } }];
  return { name, domains: [...domains], routes };
}
