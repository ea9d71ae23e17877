/**
 * Routes of an HTTP proxy to TCP ports: for tunnels (CONNECT), and for plain requests to such a port, which are only bytes to
 * it. They go where a listener would send a connection, as far as that is known before its first byte.
 */
import ipaddr from "ipaddr.js";
import { formatPath } from "../../config/format-path.js";
import type { TunnelSettings } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import { compareSpecificity, findMostSpecific } from "../../mesh/hostname.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { any } from "../any.js";
import type { HttpFilterJson, MetadataJson, RouteActionJson, RouteJson } from "../api.js";
import { tcpAlpn, tunnelEnd } from "../filter/network-filters.js";
import type { TcpChain } from "../listener/l4-chains.js";
import type { TcpTarget } from "../listener/tcp-target.js";
import { BLACK_HOLE_CLUSTER, configPath, OWN_METADATA, originPath } from "../names.js";
import { lookUpOf } from "./looked-up-host.js";

/** By this name routes say of what protocol a tunnel is. */
const PROTOCOL_FILTER = "fairlead.tunnel_protocol";

const protocolOf = (values: object) =>
  any("envoy.extensions.filters.http.set_filter_state.v3.Config", values);

/** The filter that does what routes for tunnels say of their protocol; on other routes it does nothing. */
export function tunnelProtocolFilter(): HttpFilterJson {
  return { name: PROTOCOL_FILTER, typedConfig: protocolOf({}) };
}

/**
 * The route of tunnels to one port of a host. `part` is what of a VirtualService, or of what that was made of, sends them there;
 * undefined where they go to the host itself.
 */
export function tunnelRoute(asked: TcpTarget, part: Decision | undefined): RouteJson {
  const { tunnel } = asked.way ?? {};
  // Envoy does not ask for one by POST so.
  const target = tunnel?.protocol === "POST" ? NOWHERE : asked;
  const perFilter = {
    ...lookUp(target),
    // What asks another proxy for a tunnel is HTTP.
    ...(target.mixed === true && tunnel === undefined
      ? { [PROTOCOL_FILTER]: protocolOf({ onRequestHeaders: [tcpAlpn()] }) }
      : {}),
  };
  return {
    name: "tunnel",
    match: { connectMatcher: {} },
    route: { ...way(target), ...tunnelled(tunnel) },
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
    ...(part === undefined ? {} : { metadata: metadataOf(part) }),
  };
}

/**
 * The route of requests to a port of a host that carries bytes, as `tunnelRoute`: on a listener of the port they would be no
 * more than bytes, and reach the application behind it.
 */
export function bytesRoute(asked: TcpTarget, part: Decision | undefined): RouteJson {
  const target = asked.way?.tunnel === undefined ? asked : NOWHERE;
  const perFilter = lookUp(target);
  return {
    name: "bytes",
    match: { prefix: "/" },
    // A call of gRPC ends when its caller says.
    route: { ...way(target), maxGrpcTimeout: "0s" },
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
    ...(part === undefined ? {} : { metadata: metadataOf(part) }),
  };
}

/** Where bytes go that a policy sends through a tunnel which cannot be made for them: not past it. */
const NOWHERE: TcpTarget = { clusters: [] };

/** A tunnel ends here, and its bytes go on; where a policy sends them through another one, that is asked for in its place. */
function tunnelled(by: TunnelSettings | undefined): RouteActionJson {
  const upgradeType = "CONNECT";
  if (by === undefined) return { upgradeConfigs: [{ upgradeType, connectConfig: {} }] };
  return { upgradeConfigs: [{ upgradeType }], hostRewriteLiteral: tunnelEnd(by) };
}

const lookUp = (target: TcpTarget): ReturnType<typeof lookUpOf> =>
  target.lookUp === undefined ? {} : lookUpOf(target.lookUp.called);

/** Nothing of it depends on what the connections carry. */
const way = (target: TcpTarget): RouteActionJson => ({
  ...clustersOf(target),
  timeout: "0s",
  ...(target.way?.bySourceIp === true
    ? { hashPolicy: [{ connectionProperties: { sourceIp: true } }] }
    : {}),
});

function metadataOf({ ref, path }: Decision): MetadataJson {
  const own = { path: formatPath(path.slice(1)) };
  const { kind, namespace, name } = ref;
  return {
    filterMetadata:
      kind === "VirtualService"
        ? {
            istio: { config: configPath("virtual-service", namespace, name) },
            [OWN_METADATA]: own,
          }
        : { [OWN_METADATA]: { config: originPath(ref), ...own } },
  };
}

function clustersOf({ clusters }: TcpTarget): RouteActionJson {
  if (clusters.length > 1)
    return { weightedClusters: { clusters: clusters.map((one) => ({ ...one })) } };
  return { cluster: clusters[0]?.name ?? BLACK_HOLE_CLUSTER };
}

/** What is known of who is called. */
export interface Called {
  /** The names of the host, any of which is taken for the server name that the client will say. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** How well a chain is meant for who is called. */
interface Fit {
  /** The length of the block of addresses; -1 of a chain for any. */
  readonly prefix: number;
  /** The server name that is one of the called host's; `*` of a chain for any. */
  readonly serverName: string;
}

/** Of some chains that which takes connections to a host, as Envoy chooses it: by address, then by server name. */
export function chainTo(called: Called, chains: readonly TcpChain[]): TcpChain | undefined {
  const fitting = chains.flatMap((chain) => {
    const fit = fitOf(called, chain);
    return fit === undefined ? [] : [{ chain, fit }];
  });
  return fitting.sort((a, b) => compareFits(a.fit, b.fit))[0]?.chain;
}

function compareFits(a: Fit, b: Fit): number {
  return b.prefix - a.prefix || compareSpecificity(a.serverName, b.serverName);
}

function fitOf({ names, addresses }: Called, { serverNames, prefixes }: TcpChain): Fit | undefined {
  const lengths = prefixes.flatMap((block) =>
    addresses.some((address) => isIn(address, block)) ? Number(block.split("/")[1] ?? 128) : [],
  );
  const found = names.flatMap((name) => findMostSpecific(name, serverNames) ?? []);
  const [serverName] = serverNames.length === 0 ? ["*"] : found.sort(compareSpecificity);
  if (serverName === undefined || (prefixes.length > 0 && lengths.length === 0)) return undefined;
  return { prefix: Math.max(-1, ...lengths), serverName };
}

/** Whether an address is one of a CIDR block, or the one that is written alone. */
export function isIn(address: string, block: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const one = ipaddr.parse(address);
  if (!ipaddr.isValidCIDR(block)) return one.toString() === block;
  const [network, length] = ipaddr.parseCIDR(block);
  return one.kind() === network.kind() && one.match(network, length);
}
