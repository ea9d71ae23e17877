/** Which servers of Gateways are served where several listen at one address and port. */

import { isHttp } from "../service/protocol.js";
import { type GatewayServer, parseServerHost } from "./gateway.js";

/** A server that is not served. */
export interface UnservedServer {
  readonly one: GatewayServer;
  /** The server because of which it is not. */
  readonly before: GatewayServer;
  /** What both would serve with TLS; undefined where their protocols cannot share a port. */
  readonly host?: string;
}

/** The servers of a proxy, in their order. */
export interface SharedPorts {
  readonly served: readonly GatewayServer[];
  readonly unserved: readonly UnservedServer[];
}

/** Whether TLS tells a server apart from others on its port. */
const isByTls = ({ server, protocol }: GatewayServer): boolean =>
  server.tls !== undefined && !isHttp(protocol);

/**
 * Whether a server can be beside those that came to its port before it: all of them HTTP in plaintext, or all TLS, but for one
 * in plaintext that is the second on a port of TLS.
 */
function canShare(before: readonly GatewayServer[], one: GatewayServer): boolean {
  const [first] = before;
  if (first === undefined) return true;
  if (isByTls(first)) return isByTls(one) || before.length === 1;
  return isHttp(first.protocol) && isHttp(one.protocol);
}

/** The hosts of a server with TLS, each with the namespace for which it is. */
function tlsHosts({ gateway, server }: GatewayServer): readonly string[] {
  if (server.tls === undefined) return [];
  return server.hosts.map((text) => {
    const { namespace, host } = parseServerHost(text, gateway.metadata.namespace);
    return namespace === "*" ? host : `${namespace}/${host}`;
  });
}

/** The servers that came to one address and port so far, and of those with TLS the one for each host. */
interface Port {
  readonly servers: GatewayServer[];
  readonly withTls: Map<string, GatewayServer>;
}

/** Why a server is not served beside those that were there before it; undefined when it is. */
function conflict({ servers, withTls }: Port, one: GatewayServer): UnservedServer | undefined {
  const [host] = tlsHosts(one).filter((name) => withTls.has(name));
  const owner = host === undefined ? undefined : withTls.get(host);
  if (host !== undefined && owner !== undefined) return { one, before: owner, host };
  const [first] = servers;
  return first === undefined || canShare(servers, one) ? undefined : { one, before: first };
}

/**
 * Servers that can share their ports: requests in plaintext name their host, and TLS its server name. The first on a port
 * says which of both it is, even if no VirtualService is bound to it; other servers are left out, and so are those with TLS
 * for a host that has it there already. See Istio, model.mergeGateways. What counts is where they listen: to Istio a `bind`
 * that says what is so without it is another address, and Envoy refuses the listener that comes of it.
 */
export function sharingPorts(all: readonly GatewayServer[]): SharedPorts {
  const ports = new Map<string, Port>();
  const served: GatewayServer[] = [];
  const unserved: UnservedServer[] = [];
  for (const one of all) {
    const key = `${one.address}|${String(one.listenPort)}`;
    const port = ports.get(key) ?? { servers: [], withTls: new Map<string, GatewayServer>() };
    ports.set(key, port);
    const problem = conflict(port, one);
    // Who is left out for its protocol keeps its hosts, as in Istio.
    if (problem?.host === undefined) for (const host of tlsHosts(one)) port.withTls.set(host, one);
    if (problem !== undefined) {
      unserved.push(problem);
      continue;
    }
    const [first = one] = port.servers;
    // Those in plaintext have one table of routes together.
    const named =
      isHttp(one.protocol) && isHttp(first.protocol) ? { ...one, bind: first.bind } : one;
    port.servers.push(named);
    served.push(named);
  }
  return { served, unserved };
}
