/** DNS for the applications of sidecars: Envoy answers by a listener, Istio's agent by a table of names. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { versionOf } from "../../base/version.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import type { HostNames, NamedHost } from "../../mesh/view/named-host.js";
import { DNS_PORT, dnsListener } from "../listener/dns-listener.js";
import type { OutboundEntry } from "../listener/outbound-entry.js";
import { listenerName } from "../names.js";
import { isPrivileged, type OutboundEntries } from "../outbound/listeners.js";
import { encodeResource, madeOrWithheld } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import { type ResourceSet, resourceSet } from "../resource/resource-set.js";

const NOTHING: ResourceSet = Table.empty();

/** Where an application finds the DNS of its sidecar, when what it sends is captured. */
const LOOPBACK = "127.0.0.1";

/** Sorted by name, so that the table does not depend on the order in which hosts were added. */
const inOrder = (names: HostNames): readonly NamedHost[] =>
  names.sorted().flatMap(([, hosts]) => hosts);

/** What an agent is told of a host. It looks names up in small letters, whatever it is asked. */
function nameTableOf({ hostname, addresses, short }: NamedHost, egressAddress: string): object {
  const info = {
    ips: addresses.length > 0 ? addresses : [egressAddress],
    registry: short === undefined ? "External" : "Kubernetes",
    ...(short === undefined ? {} : { shortname: short.name, namespace: short.namespace }),
  };
  return { table: { [hostname.toLowerCase()]: info } };
}

/**
 * The builder of the table for agents: one resource without a name, which is all that an agent reads. Each host is encoded
 * once. See Istio, NDS.
 */
export function createNameTables(
  engine: Engine,
  encoder: Encoder,
): (names: HostNames, proxy: DnsProxy) => ResourceSet {
  const encodeHost = engine.memo(
    "entry of a name table",
    (host: NamedHost, egressAddress: string) =>
      encoder.encode(MESSAGE.nameTable, nameTableOf(host, egressAddress)),
  );
  const build = engine.memo("name table", (names: HostNames, egressAddress: string) => {
    const bytes = Buffer.concat(
      inOrder(names).map((host) => encodeHost(host, egressAddress).bytes),
    );
    return resourceSet([{ name: "", bytes, version: versionOf(bytes) }]);
  });
  return (names, { dns, mode, egressAddress }) =>
    dns === "agent" ? build(names, mode === "NONE" ? egressAddress : "") : NOTHING;
}

/** Whether a connection can mean the entry's host whatever address it is to: by what it carries, or because it is to that port. */
const isTakenAnywhere = ({ routes, chains }: OutboundEntry): boolean =>
  routes !== undefined || chains.some(({ prefixes }) => prefixes.length === 0);

/** Whether what a connection carries says that it means the entry's host. */
const isNamed = ({ routes, chains }: OutboundEntry): boolean =>
  routes !== undefined || chains.every(({ serverNames }) => serverNames.length > 0);

/** A character that is in no hostname. */
const SEPARATOR = " ";

/**
 * The hosts that connections to the proxy's own address cannot mean: those that share a port with another one where nothing
 * but an address would tell them apart, those that are for some addresses alone, and those with a port on which the proxy
 * may not listen. As one text, by which proxies of whatever entries share what is made for the same hosts.
 */
function hostsNotReached(entries: OutboundEntries, unprivileged: boolean): string {
  const all = [...entries.values()].flatMap((group) => [...group.values()]);
  const unnamed = new Map<number, Set<string>>();
  for (const entry of all.filter((one) => !isNamed(one))) {
    unnamed.set(entry.port, (unnamed.get(entry.port) ?? new Set()).add(entry.host));
  }
  const shared = [...unnamed.values()].filter((hosts) => hosts.size > 1);
  const missed = all.filter(
    (entry) => !isTakenAnywhere(entry) || (unprivileged && isPrivileged(entry.port)),
  );
  const hosts = [...shared.flatMap((one) => [...one]), ...missed.map(({ host }) => host)];
  return [...new Set(hosts)].sort().join(SEPARATOR);
}

/** The builder of the names that a proxy whose connections are not captured can answer with its own address. */
export function createReachedNames(
  engine: Engine,
): (names: HostNames, entries: OutboundEntries, proxy: Pick<Proxy, "unprivileged">) => HostNames {
  const notReached = engine.memo("hosts not reached", hostsNotReached);
  const without = engine.memo("names of hosts reached", (names: HostNames, hosts: string) =>
    hosts.split(SEPARATOR).reduce((rest, host) => rest.without(host), names),
  );
  return (names, entries, { unprivileged }) =>
    names.size === 0 ? names : without(names, notReached(entries, unprivileged));
}

/** What DNS depends on in a proxy. */
type DnsProxy = Pick<Proxy, "dns" | "namespace" | "mode" | "egressAddress">;

/** The builder of the listener for Envoys that answer themselves; others have none. */
export function createDnsListeners(
  engine: Engine,
  encoder: Encoder,
): (names: HostNames, proxy: DnsProxy) => ResourceSet {
  const build = engine.memo(
    "DNS listener",
    (names: HostNames, namespace: string, address: string, egressAddress: string) => {
      const client = { namespace, egressAddress };
      const named = { name: listenerName(address, DNS_PORT), sources: [] };
      const made = madeOrWithheld(encoder, MESSAGE.listener, named, () => {
        const json = dnsListener({ address, port: DNS_PORT }, inOrder(names), client);
        return encodeResource(encoder, MESSAGE.listener, { ...named, json });
      });
      return resourceSet([made]);
    },
  );
  return (names, { dns, namespace, mode, egressAddress }) => {
    if (dns !== "envoy") return NOTHING;
    const address = mode === "NONE" ? egressAddress : LOOPBACK;
    return build(names, namespace, address, egressAddress);
  };
}
