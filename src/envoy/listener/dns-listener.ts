/** The listener by which a sidecar answers its application's questions to DNS, without an agent beside it. */
import type { NamedHost } from "../../mesh/view/named-host.js";
import { any } from "../any.js";
import type { ListenerJson } from "../api.js";
import { listenerName } from "../names.js";
import type { ListenerAddress } from "./address.js";

/** The port to which Istio's agents, and what redirects to them, are used. */
export const DNS_PORT = 15053;

const FILTER = "envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig";

/** How long an application may remember an answer: the least that Envoy takes. */
const ANSWER_TTL = "30s";

/** How long the host's own resolvers are waited for, and how many questions wait at most. */
const RESOLVER_TIMEOUT = "5s";
const MAX_PENDING = "256";

/** Whom the answers are for. */
export interface DnsClient {
  /** Callers of its own namespace know a service by the first part of its name alone. */
  readonly namespace: string;
  /** Where hosts without addresses of their own are found. */
  readonly egressAddress: string;
}

/**
 * All names of a host, the whole one first: `payments.default.svc.cluster.local`, `payments.default.svc`,
 * `payments.default`, and in its namespace `payments`. Envoy tells capital letters apart, so a host that has some is found as
 * it is written, and in small ones.
 */
function namesOf({ hostname, short }: NamedHost, namespace: string): readonly string[] {
  if (short === undefined) return [hostname, hostname.toLowerCase()];
  const qualified = `${short.name}.${short.namespace}`;
  const alone = short.namespace === namespace ? [short.name] : [];
  return [hostname, `${qualified}.svc`, qualified, ...alone];
}

/** What each name leads to. A host's whole name goes before another's short one. */
function addressesByName(
  hosts: readonly NamedHost[],
  { namespace, egressAddress }: DnsClient,
): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, readonly string[]>();
  const all = hosts.map((host) => ({
    names: namesOf(host, namespace),
    addresses: host.addresses.length > 0 ? host.addresses : [egressAddress],
  }));
  const longest = Math.max(0, ...all.map(({ names }) => names.length));
  for (let rank = 0; rank < longest; rank++) {
    for (const { names, addresses } of all) {
      const name = names[rank];
      if (name !== undefined && !named.has(name)) named.set(name, addresses);
    }
  }
  return named;
}

/**
 * A listener that answers with the addresses of the mesh's hosts, and asks the host's own resolvers for other names. See
 * Envoy, DNS filter.
 */
export function dnsListener(
  { address, port }: ListenerAddress,
  hosts: readonly NamedHost[],
  client: DnsClient,
): ListenerJson {
  const virtualDomains = [...addressesByName(hosts, client)].map(([name, addresses]) => ({
    name,
    endpoint: { addressList: { address: addresses } },
    answerTtl: ANSWER_TTL,
  }));
  return {
    name: listenerName(address, port),
    address: { socketAddress: { protocol: "UDP", address, portValue: port } },
    udpListenerConfig: {},
    listenerFilters: [
      {
        name: "envoy.filters.udp.dns_filter",
        typedConfig: any(FILTER, {
          statPrefix: "dns",
          serverConfig: { inlineDnsTable: { virtualDomains } },
          clientConfig: { resolverTimeout: RESOLVER_TIMEOUT, maxPendingLookups: MAX_PENDING },
        }),
      },
    ],
    trafficDirection: "OUTBOUND",
  };
}
