/**
 * What the services ask of a sidecar's outbound listeners. A port of a service has an *entry* on one listener: HTTP shares
 * the listener of its port with all other HTTP, since requests name their host; other protocols have the service's own
 * address, or share the port and are told apart by server name.
 */
import { defined } from "../../base/defined.js";
import type { ResourceRef } from "../../config/resource.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import { listenerProtocol } from "../../mesh/service/protocol.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import { type EgressListener, type EgressPort, leadsAnywhere } from "../../mesh/sidecar/sidecar.js";
import { RESERVED_PORTS } from "../names.js";
import { partsOrFault } from "../resource/built.js";
import { ANY_ADDRESS } from "./address.js";
import { type AddressSources, entryAddresses, sidecarAddress } from "./entry-address.js";
import { entryChains } from "./entry-chains.js";
import type { ChainContext, TcpChain } from "./l4-chains.js";
import { requestTables } from "./request-tables.js";

/** A port of a service on one listener. */
export interface OutboundEntry {
  /** The host that is called there. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** The address that a Sidecar's listener names; undefined where it is that of the service, or any. */
  readonly bind?: string;
  /** Connections are addressed to it: it is bound also where others are only redirected to. */
  readonly bound?: boolean;
  /** The route configuration for its HTTP; undefined when it carries none. */
  readonly routes: string | undefined;
  /** Requests are for an HTTP proxy: they name the port, and may ask for a tunnel. */
  readonly proxied?: boolean;
  /** Of a Sidecar's listener for this port: those of the one for all others give way. */
  readonly own?: boolean;
  /** Ways for what is not HTTP. */
  readonly chains: readonly TcpChain[];
  /** The exception in which making these ended, a fault of ours: see Built. */
  readonly fault?: unknown;
  readonly sources: readonly ResourceRef[];
  /** The first of them: that of the service, and which of its ports it is. */
  readonly source: ResourceRef;
  readonly servicePort: ServicePort;
  /** By which entries that exclude one another are ordered: the older service wins. See Istio, model.SortServicesByCreationTime. */
  readonly order: string;
}

const isReserved = ({ address, port }: OutboundEntry): boolean =>
  address === ANY_ADDRESS && RESERVED_PORTS.has(port);

/** The ports of a service as a listener carries them. */
function portsOn({ ports }: Service, port: EgressPort | undefined): readonly ServicePort[] {
  if (port === undefined) return ports;
  const { number, protocol } = port;
  if (leadsAnywhere(port)) return [{ number, name: "", protocol, targetPort: number }];
  return ports.filter((one) => one.number === number).map((one) => ({ ...one, protocol }));
}

/** The entries of a service: for each port, and each of its addresses where the protocol needs an address. */
export function outboundEntries(
  service: Service,
  virtualServices: readonly VirtualService[],
  context: ChainContext,
  where: AddressSources,
): readonly OutboundEntry[] {
  const { egress } = where;
  const common = commonOf(service, virtualServices, egress);
  const addresses = entryAddresses(service, where);
  const entries = portsOn(service, egress?.port).flatMap((port): readonly OutboundEntry[] => {
    const kind = listenerProtocol(port.protocol);
    // Connections to an alias are addressed to what it stands for.
    if (kind === "none" || (service.aliasOf !== undefined && kind !== "http")) return [];
    const { shared, own } = requestTables(service, port, egress);
    if (kind === "http") {
      const address = sidecarAddress(egress) ?? ANY_ADDRESS;
      const entry = { address, port: port.number, servicePort: port, routes: shared, chains: [] };
      return [{ ...common, ...entry }];
    }
    return addresses.map((at) => {
      const { parts: chains, ...made } = partsOrFault(() => [
        ...entryChains(service, port, at, { virtualServices, context }),
      ]);
      return {
        ...common,
        ...made,
        address: at.address,
        port: port.number,
        servicePort: port,
        routes: kind === "tcp" ? undefined : at.address === ANY_ADDRESS ? shared : (own ?? shared),
        chains,
      };
    });
  });
  return entries.filter((entry) => !isReserved(entry));
}

/** What all entries of a service on a listener have in common. */
const commonOf = (
  service: Service,
  virtualServices: readonly VirtualService[],
  egress: EgressListener | undefined,
): Omit<OutboundEntry, "address" | "port" | "servicePort" | "routes" | "chains"> => ({
  host: service.hostname,
  sources: [service.source, ...virtualServices.map(({ source }) => source)],
  source: service.source,
  order: orderOf(service),
  ...defined({ bind: egress?.bind }),
  ...(egress?.bound === true ? { bound: true } : {}),
  ...(egress?.port === undefined ? {} : { own: true }),
  ...(egress?.port !== undefined && leadsAnywhere(egress.port) ? { proxied: true } : {}),
});

/** Services that few see come first. A service without a time counts as older than one with: a space sorts before digits. */
function orderOf({ exportTo, creationTimestamp, name, namespace }: Service): string {
  return `${exportTo.everyone ? 1 : 0} ${creationTimestamp} ${name} ${namespace}`;
}
