/**
 * Where the tunnels of an application go that asks its sidecar for them as an HTTP proxy: where a connection would go to the host
 * that it names.
 */
import { chosenRule } from "./chosen-rule.js";
import { workloadsOf } from "./destination-rules.js";
import { common, namesOf } from "./hosts.js";
import { type ClusterShares, rulesOfPort } from "./l4-routes.js";
import type { Caller, Connection, World } from "./objects.js";
import type { KnownPort } from "./protocols.js";
import { hostsOf, virtualServicesThrough } from "./sidecar-http.js";
import { podAddress } from "./still-world.js";
import { egressOf, hostsThrough, type KnownHost } from "./visibility.js";

/** A port of a host to which connections may lead. */
export interface TunnelEnd {
  readonly host: KnownHost;
  readonly port: KnownPort;
}

/** Nobody's address. */
const UNKNOWN = "192.0.2.99";

/** The ports that a caller knows; none where its Sidecar has listeners of their own for ports. */
function knownEnds(world: World, caller: Caller): readonly TunnelEnd[] {
  const [egress, ...others] = egressOf(world, caller);
  if (egress === undefined || others.length > 0 || egress.port !== undefined) return [];
  return hostsThrough(world, caller, egress).flatMap((host) =>
    host.ports.map((port) => ({ host, port })),
  );
}

/** What a caller may ask a tunnel to that carries no requests. */
export const tunnelEnds = (world: World, caller: Caller): readonly TunnelEnd[] =>
  knownEnds(world, caller).filter(
    ({ host, port }) => port.carries !== "http" && !host.host.startsWith("*"),
  );

/** The addresses by which a host may be called; blocks are of nobody in particular. */
function addressesOf(world: World, host: KnownHost): readonly string[] {
  const own = host.isHeadless
    ? workloadsOf(world, host).map((one) => podAddress(world, one))
    : host.addresses.map((one) => one.replace(/\/32$/, "")).filter((one) => !one.includes("/"));
  return own.length === 0 ? [UNKNOWN] : own;
}

const hasBlock = ({ addresses }: KnownHost): boolean =>
  addresses.some((one) => one.includes("/") && !one.endsWith("/32"));

/** The rules for the connections to a port of a host; one of its own for its names where TLS says by them who is called. */
function waysOf(world: World, caller: Caller, { host, port }: TunnelEnd) {
  const [egress = { hosts: [] }] = egressOf(world, caller);
  const about = virtualServicesThrough(world, caller, egress).filter((one) =>
    hostsOf(one).some((name) => common(name, host.host) !== undefined),
  );
  const way = { caller, asksForSource: true, gateways: ["mesh"], port: port.number };
  const called = {
    port,
    block: [],
    names: calledBy(host, caller),
    cluster: ownCluster({ host, port }),
  };
  return rulesOfPort(world, called, about, way).map((one) => ({ ...one, forRequests: false }));
}

const ownCluster = ({ host, port }: TunnelEnd): string => `outbound|${port.number}||${host.host}`;

/** The names by which a caller may mean a host. */
export const calledBy = (host: KnownHost, { namespace }: Caller): readonly string[] =>
  host.isService ? namesOf(host.host, namespace) : [host.host];

/** Where a tunnel may go: which of the names and addresses of its host counts is not said. */
export function tunnelModel(
  world: World,
  caller: Caller,
  end: TunnelEnd,
): readonly ClusterShares[] {
  const { host, port } = end;
  const rules = waysOf(world, caller, end);
  const begins: Connection["begins"] = port.carries === "tls" ? "tls" : "bytes";
  return addressesOf(world, host).flatMap((address) =>
    calledBy(host, caller).map((serverName) => {
      const asked = { address, port: port.number, begins, serverName, ofMesh: false };
      return chosenRule(rules, asked)?.goes ?? { [ownCluster(end)]: 100 };
    }),
  );
}

/**
 * Where a connection may go that an application makes to a port of the address on which its sidecar listens, for which nothing is
 * redirected: by its server name, else to the one host of the port. undefined where hosts of several protocols share the port,
 * several without TLS, or one that has a block of addresses; empty where the connection goes nowhere.
 */
export function egressModel(
  world: World,
  caller: Caller,
  { port: number, ...connection }: Connection,
): readonly ClusterShares[] | undefined {
  const ends = knownEnds(world, caller).filter(({ port }) => port.number === number);
  const isTls = ends.every(({ port }) => port.carries === "tls");
  const [first] = ends;
  const isTold = isTls || (ends.length === 1 && first?.port.carries === "tcp");
  // What is called by an address of a block is so only by who says it.
  if (first === undefined || !isTold || ends.some(({ host }) => hasBlock(host))) return undefined;
  const ways = ends.map((end) => waysOf(world, caller, end));
  // Which of the addresses of several hosts a block is compared with is not said.
  if (isTls && ways.flat().some(({ subnets }) => subnets.length > 0)) return undefined;
  const orders = [ways.flat(), ways.toReversed().flat()];
  return addressesOf(world, first.host).flatMap((address) =>
    orders.flatMap((rules): readonly ClusterShares[] => {
      const rule = chosenRule(rules, { ...connection, port: number, address });
      return rule === undefined ? [] : [rule.goes];
    }),
  );
}
