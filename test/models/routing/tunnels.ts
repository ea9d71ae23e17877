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

/** A port of a host to which a tunnel may lead. */
export interface TunnelEnd {
  readonly host: KnownHost;
  readonly port: KnownPort;
}

/** Nobody's address. */
const UNKNOWN = "192.0.2.99";

/** What a caller may ask a tunnel to; nothing where its Sidecar has listeners of their own for ports. */
export function tunnelEnds(world: World, caller: Caller): readonly TunnelEnd[] {
  const [egress, ...others] = egressOf(world, caller);
  if (egress === undefined || others.length > 0 || egress.port !== undefined) return [];
  return hostsThrough(world, caller, egress)
    .filter(({ host }) => !host.startsWith("*"))
    .flatMap((host) =>
      host.ports.filter(({ carries }) => carries !== "http").map((port) => ({ host, port })),
    );
}

/** The addresses by which a host may be called; blocks are of nobody in particular. */
function addressesOf(world: World, host: KnownHost): readonly string[] {
  const own = host.isHeadless
    ? workloadsOf(world, host).map((one) => podAddress(world, one))
    : host.addresses.map((one) => one.replace(/\/32$/, "")).filter((one) => !one.includes("/"));
  return own.length === 0 ? [UNKNOWN] : own;
}

/** Where a tunnel may go: which of the names and addresses of its host counts is not said. */
export function tunnelModel(
  world: World,
  caller: Caller,
  { host, port }: TunnelEnd,
): readonly ClusterShares[] {
  const [egress = { hosts: [] }] = egressOf(world, caller);
  const cluster = `outbound|${port.number}||${host.host}`;
  const about = virtualServicesThrough(world, caller, egress).filter((one) =>
    hostsOf(one).some((name) => common(name, host.host) !== undefined),
  );
  const way = { caller, asksForSource: true, gateways: ["mesh"], port: port.number };
  const called = { port, block: [], names: [], cluster };
  const rules = rulesOfPort(world, called, about, way).map((one) => ({
    ...one,
    forRequests: false,
  }));
  const begins: Connection["begins"] = port.carries === "tls" ? "tls" : "bytes";
  const names = host.isService ? namesOf(host.host, caller.namespace) : [host.host];
  return addressesOf(world, host).flatMap((address) =>
    names.map((serverName) => {
      const asked = { address, port: port.number, begins, serverName, ofMesh: false };
      return chosenRule(rules, asked)?.goes ?? { [cluster]: 100 };
    }),
  );
}
